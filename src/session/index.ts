export type { Fence, LossReason } from './fence.js';
export { FencedCommitter, fenceCheck } from './fenced.committer.js';
export { attemptTimeoutOf, remainingForOthers, remainingOf } from './lease.js';
export { repeated } from './repeat.js';
export { holderLife, sessionLife, type RowLife } from './row.life.js';
export { SessionKeeper } from './session.keeper.js';
export { SessionRenewer } from './session.renewer.js';
export type { Session } from './session.js';
export { isTokenText } from './token-text.js';
