import { setTimeout as delay } from 'node:timers/promises';

/** ms that Pub/Sub has for one thing. */
export const TIMEOUT = 5_000;

/**
 * What is asked of Pub/Sub, or an error when the time is over. Its library bounds a request only from where it has credentials,
 * and a `close()` while Pub/Sub answers nothing may never end.
 */
export async function inTime(
  request: Promise<unknown>,
  service: 'Pub/Sub' | 'Spanner' = 'Pub/Sub',
): Promise<void> {
  const ended = new AbortController();
  const late = delay(TIMEOUT, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`${service} gave no answer within ${TIMEOUT} ms`);
  });
  try {
    await Promise.race([request, late]);
  } finally {
    ended.abort();
    late.catch(() => undefined);
  }
}
