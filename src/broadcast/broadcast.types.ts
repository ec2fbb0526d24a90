import type { HedgeError } from '../errors/index.js';
import type { WaitOptions } from '../time/index.js';

/** Options of `HedgeService.broadcast` and `broadcastStream`. The `timeout` counts for each member. */
export interface BroadcastOptions extends WaitOptions {
  /** Asks the other members only. @default false */
  skipSelf?: boolean;
  /** The ids of the members to ask in place of all. A member that is not on the member list is dialled, too. */
  only?: readonly string[];
}

/** The reply of one member to a broadcast, or its error: `'error' in reply` tells the two apart. */
export type BroadcastReply<R = unknown> =
  | {
      /** The id of the member that was asked. */
      readonly member: string;
      /** The result of its handler. */
      readonly reply: R;
    }
  | {
      /** The id of the member that was asked. */
      readonly member: string;
      /** Why there is no reply: its `code` says whether the handler may have run. */
      readonly error: HedgeError;
    };
