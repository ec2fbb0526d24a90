export { cronPrefix, cronRow, formatCron, parseCron, type CronState } from './cron.row.js';
export { checkLockName, isGroupName, isLockName } from './lock.name.js';
export { GROUP_LOCKS, groupPrefix, heldRow, lockPrefix, permitPrefix } from './lock.rows.js';
export { formatOwner, parseOwner, sessionPrefix, type SessionOwner } from './session.row.js';
