import type { HedgeService, Permit } from '../../../src/index.js';
import { machineTime } from '../time/machine.time.js';
import { records } from './member.settings.js';

const permits: Permit[] = [];

/** Takes permits of one semaphore, and keeps them. */
export async function takePermits(hedge: HedgeService, limit: number, count: number) {
  for (let taken = 0; taken < count; taken++) {
    permits.push(await hedge.semaphore('s', limit).acquire());
  }
}

/** Notes how many of them are held. */
export function lookAtPermits(): number {
  const at = machineTime();
  const held = permits.filter((permit) => permit.isHeld()).length;
  if (held > 0) records.note({ type: 'permits', at, held });
  return held;
}
