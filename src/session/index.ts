export { Backoff } from './backoff.js';
export {
  settledWithin,
  sleep,
  SystemClock,
  type Clock,
  type Instant,
  type Timer,
} from './clock.js';
export type { Fence, LossReason } from './fence.js';
export { FencedCommitter, fenceStands } from './fenced.committer.js';
export { attemptTimeoutOf, remainingForOthers, remainingOf } from './lease.js';
export { repeated } from './repeat.js';
export { SessionKeeper } from './session.keeper.js';
export { waitFor, waitLimits, type WaitLimits, type WaitOptions } from './wait.js';
export { SessionRenewer } from './session.renewer.js';
export { parseOwner, sessionPrefix } from './session.row.js';
export type { Session } from './session.js';
export { isTokenText } from './token.text.js';
