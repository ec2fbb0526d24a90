import { Subject } from 'rxjs';
import type { MembersChange } from '../membership/index.js';
import type { LossReason } from '../session/index.js';
import type { Leadership } from './leadership.js';

/** An event of `HedgeService.events$`. */
export type HedgeEvent =
  | {
      /** This member leads. */
      readonly type: 'leadership.gained';
      /** Its term. */
      readonly leadership: Leadership;
    }
  | {
      /** This member leads no more. */
      readonly type: 'leadership.lost';
      /** Why the term ended. */
      readonly reason: LossReason;
      /** The fencing token of the ended term. */
      readonly token: bigint;
    }
  | {
      /** This member has learnt that another member leads, or that none does. */
      readonly type: 'leader.changed';
      /** The id of the leader; undefined while none is known. */
      readonly leader: string | undefined;
    }
  | ({
      /** The list of members changed. */
      readonly type: 'members.changed';
    } & MembersChange)
  | ({
      /** This member leads, and found an interrupted run of a cron. */
      readonly type: 'cron.interrupted';
    } & InterruptedRun);

/**
 * A run of a `@LeaderCron()` that has no known end: its leader died, or the leader's term ended. It may have been done
 * in part.
 */
export interface InterruptedRun {
  /** The name of the cron. */
  readonly name: string;
  /** The scheduled time of the run. */
  readonly slot: Date;
  /** The id of the member that ran it. */
  readonly member: string;
  /** The fencing token of the term that it ran in. */
  readonly token: bigint;
}

/** The stream of events of a member. */
export class HedgeEvents {
  readonly #events = new Subject<HedgeEvent>();
  readonly events$ = this.#events.asObservable();

  emit(event: HedgeEvent): void {
    this.#events.next(event);
  }

  complete(): void {
    this.#events.complete();
  }
}
