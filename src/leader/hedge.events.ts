import { Subject } from 'rxjs';
import type { MembersChange } from '../membership/index.js';
import type { LossReason } from '../session/index.js';
import type { Leadership } from './leadership.js';

/** What `HedgeService.events$` tells. */
export type HedgeEvent =
  | { readonly type: 'leadership.gained'; readonly leadership: Leadership }
  | { readonly type: 'leadership.lost'; readonly reason: LossReason; readonly token: bigint }
  | { readonly type: 'leader.changed'; readonly leader: string | undefined }
  | ({ readonly type: 'members.changed' } & MembersChange);

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
