import { Subject } from 'rxjs';
import type { MembersChange } from '../membership/index.js';
import type { LossReason } from '../session/index.js';
import type { Leadership } from './leadership.js';

/** What `HedgeService.events$` tells. */
export type HedgeEvent =
  | { readonly type: 'leadership.gained'; readonly leadership: Leadership }
  | { readonly type: 'leadership.lost'; readonly reason: LossReason; readonly token: bigint }
  | { readonly type: 'leader.changed'; readonly leader: string | undefined }
  | ({ readonly type: 'members.changed' } & MembersChange)
  | ({ readonly type: 'cron.interrupted' } & InterruptedRun);

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
