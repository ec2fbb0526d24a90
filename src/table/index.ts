export { cronRow, formatCron, parseCron, type CronState } from './cron.row.js';
export { fenceRow, fencesOf, lockOfFence } from './fence.row.js';
export { ALL_GROUPS, groupOfRow, groupPrefix } from './group.rows.js';
export { GROUP_LOCKS, groupLockRow, groupOfLock } from './group-lock.row.js';
export { formatHolding, ownerRow, parseHolding } from './holding.row.js';
export { checkLockName, isGroupName, isLockName } from './lock.name.js';
export { formatLock, lockPrefix, namedLockRow, parseLock } from './lock.row.js';
export { limitOfPermit, permitPrefix, permitRow, permitsOf, semaphoreName } from './permit.row.js';
export { NewerRowWatch } from './newer-row.watch.js';
export { NewerRow, newerRowOf } from './row.format.js';
export { parseRowName } from './row.name.js';
export {
  formatSession,
  parseSession,
  sessionPrefix,
  sessionRow,
  type SessionOwner,
} from './session.row.js';
export { HAS_NEWER_FORMAT, UPDATE_FOR_NEWER_ROW } from './table.messages.js';
