import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is one, and says what it waited for when the time is over. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 15_000,
): Promise<T> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Not within ${timeout} ms: ${what}`);
    await delay(5);
  }
}
