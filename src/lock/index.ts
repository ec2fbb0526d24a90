export { LockAcquirer, type AcquireOutcome } from './lock.acquirer.js';
export { LockReleaser } from './lock.releaser.js';
export { groupLock, groupRange, namedLock, type LockPlace } from './lock.rows.js';
export { LockService } from './lock.service.js';
export { lockStateOf, lockStateQuery, type LockHolder, type LockState } from './lock.state.js';
export { HeldTerms } from './held-terms.js';
export { sweepDecision, sweepLook, sweepQuery } from './sweep.decision.js';
export { Term, TermEnded } from './term.js';
export { checkLockName, isGroupName } from './lock.name.js';
