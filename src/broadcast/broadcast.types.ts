import type { HedgeError } from '../errors/index.js';
import type { WaitOptions } from '../time/index.js';

/** For `HedgeService.broadcast` and `broadcastStream`. `timeout` counts for each member. */
export interface BroadcastOptions extends WaitOptions {
  /** Asks the other members only. @default false */
  skipSelf?: boolean;
  /** The ids of the members to ask, in place of all. One that is not in the list is dialled all the same. */
  only?: readonly string[];
}

/** What became of a broadcast at one member: `'error' in reply` tells the two apart. */
export type BroadcastReply<R = unknown> =
  | {
      /** The id of the member that was asked. */
      readonly member: string;
      /** What its handler gave. */
      readonly reply: R;
    }
  | {
      /** The id of the member that was asked. */
      readonly member: string;
      /** Why there is no reply: its `code` says whether the handler may have run. */
      readonly error: HedgeError;
    };
