import { Subject } from 'rxjs';
import type { MembersChange } from '../membership/index.js';
import type { LossReason } from '../session/index.js';
import type { Leadership } from './leadership.js';

/** What `HedgeService.events$` tells. */
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
      /** Why. */
      readonly reason: LossReason;
      /** The fencing token of the term that ended. */
      readonly token: bigint;
    }
  | {
      /** Somebody else leads than this member knew of, or nobody. */
      readonly type: 'leader.changed';
      /** Its id; undefined while no leader is known. */
      readonly leader: string | undefined;
    }
  | ({
      /** The list of members changed. */
      readonly type: 'members.changed';
    } & MembersChange)
  | ({
      /** This leader found a cron's run that nobody saw end. */
      readonly type: 'cron.interrupted';
    } & InterruptedRun);

/** A run of a `@LeaderCron()` that nobody saw end: its leader died, or its term did. Part of it may have been done. */
export interface InterruptedRun {
  /** Of the cron. */
  readonly name: string;
  /** The scheduled time it ran for. */
  readonly slot: Date;
  /** The id of the member that ran it. */
  readonly member: string;
  /** The fencing token of the term that it ran in. */
  readonly token: bigint;
}

/** The one stream of events of a member. */
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
