import type { HedgeService } from '../../../src/index.js';
import { lookAtPermits } from './member.permits.js';
import { LEADERSHIP } from '../records/member.events.js';
import { machineTime } from '../time/machine.time.js';
import { closing, records } from './member.settings.js';

/** Notes whether this member leads by its own word. */
export function look(hedge: HedgeService): void {
  const before = machineTime();
  const isLeader = hedge.isLeader();
  const after = machineTime();
  if (!isLeader) return;
  // Without I/O between the two, the newest leadership is the one that was just said to last.
  const token = hedge.leadership?.token;
  if (token !== undefined) records.seen(LEADERSHIP, token, before, after);
}

export function keepLooking(hedge: HedgeService, interval: number): void {
  let lookedAt = machineTime();
  const timer = setInterval(() => {
    const at = machineTime();
    // Before anything else runs in the first turn after a pause, and once more when the turn ends.
    if (Number(at - lookedAt) > 500e6) {
      setImmediate(() => records.note({ type: 'stood-still', at, firstTurnAt: machineTime() }));
    }
    lookedAt = at;
    look(hedge);
    lookAtPermits();
  }, interval);
  closing.signal.addEventListener('abort', () => clearInterval(timer));
}

export function follow(hedge: HedgeService): void {
  hedge.events$.subscribe((event) => {
    if (event.type === 'leadership.gained') {
      const { token, signal } = event.leadership;
      records.note({ type: 'gained', at: machineTime(), token });
      signal.addEventListener('abort', () => {
        look(hedge);
        records.note({ type: 'aborted', at: machineTime(), token });
      });
      look(hedge);
    } else if (event.type === 'members.changed') {
      noteMembers(hedge);
    } else if (event.type === 'leadership.lost') {
      look(hedge);
      const { token, reason } = event;
      records.note({ type: 'lost', at: machineTime(), token, reason });
    }
  });
}

export function noteMembers(hedge: HedgeService): void {
  const ids = hedge.members().map(({ id }) => id);
  records.note({ type: 'members', at: machineTime(), ids });
}
