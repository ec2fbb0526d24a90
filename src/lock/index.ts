export { Contenders } from './contenders.js';
export { cronPrefix, cronRow, formatCron, parseCron, type CronState } from './cron.row.js';
export { Holding } from './holding.js';
export { Lock } from './lock.js';
export { LockAcquirer, type AcquireOutcome } from './lock.acquirer.js';
export { LockReleaser } from './lock.releaser.js';
export {
  GROUP_LOCKS,
  groupLock,
  groupPrefix,
  heldRow,
  lockPrefix,
  namedLock,
  permitPrefix,
} from './lock.rows.js';
export { LockService } from './lock.service.js';
export { LossReport } from './loss.report.js';
export type { Holder, Place } from './place.js';
export { blockerOf, placeQuery } from './place.state.js';
export { HeldTerms } from './held-terms.js';
export { checkRoutine, Routines } from './routines.js';
export { StoreLine } from './store.line.js';
export {
  nextSweepPage,
  sweepDecision,
  sweepLook,
  sweepPages,
  sweepQuery,
  type SweepPage,
} from './sweep.decision.js';
export { Term, TermEnded } from './term.js';
export { checkLockName, isGroupName, isLockName } from './lock.name.js';
export { WithLock } from './with-lock.decorator.js';
export type { WithLockOptions } from './with-lock.options.js';
export type { Ticket, WaitingLine } from './waiting.line.js';
