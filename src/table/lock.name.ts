import { HedgeError, INVALID_NAME } from '../errors/index.js';

/** A name that reaches no rows of others: `/` parts the names of rows, and `#` parts a lock from its fences. */
export function isLockName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length > 0 &&
    name.length <= 1_000 &&
    name.isWellFormed() &&
    !['#', '/', '\0'].some((forbidden) => name.includes(forbidden))
  );
}

/** The group locks of all groups stand below `hedge/spindle/`, so no group may have that name. */
export function isGroupName(name: unknown): name is string {
  return isLockName(name) && name !== 'spindle';
}

/** @throws HedgeError `INVALID_ARGUMENT` */
export function checkLockName(name: unknown, what = 'lock'): string {
  if (isLockName(name)) return name;
  throw new HedgeError('INVALID_ARGUMENT', INVALID_NAME(what, name));
}
