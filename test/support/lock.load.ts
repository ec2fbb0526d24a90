import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HedgeError, type LockService } from '../../src/index.js';
import { LEADERSHIP, machineTime, RecordWriter } from './member.records.js';

export interface LockLoad {
  readonly name: string;
  /** ms for which it is held each time */
  readonly hold: number;
}

/** Takes a lock again and again, and notes when `isHeld()` was true, as leadership is noted. */
export async function keepTaking(
  locks: LockService,
  { name, hold }: LockLoad,
  folder: string,
  closing: AbortSignal,
): Promise<void> {
  const records = new RecordWriter(lockRecords(folder, true));
  while (!closing.aborted) {
    try {
      const lock = await locks.acquire(name);
      const until = performance.now() + hold;
      while (performance.now() < until) {
        const before = machineTime();
        if (lock.isHeld()) records.seen(LEADERSHIP, lock.token, before, machineTime());
        await delay(2);
      }
      await lock.release();
      // Where nobody keeps a line, whoever asks again at once would keep the others out.
      await delay(hold);
    } catch (error) {
      // Anything else than too long a wait ends the process, and with it the test.
      if (!(error instanceof HedgeError)) throw error;
      if (error.code === 'NOT_RUNNING') return;
      if (error.code !== 'TIMEOUT') throw error;
    }
  }
}

export function lockRecords(folder: string, make = false): string {
  const own = join(folder, 'lock');
  if (make) mkdirSync(own);
  return own;
}
