import { HedgeError, INVALID_NAME } from '../errors/index.js';

/** A name can reach no other lock's rows: `/` parts keys and `#` parts a lock from its fences. */
export function isLockName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length > 0 &&
    name.length <= 1_000 &&
    name.isWellFormed() &&
    !['#', '/', '\0'].some((forbidden) => name.includes(forbidden))
  );
}

/** A group `spindle` would have everybody's group lock, `hedge/spindle/lockname/…`, among its own rows. */
export function isGroupName(name: unknown): name is string {
  return isLockName(name) && name !== 'spindle';
}

/** @throws HedgeError `INVALID_ARGUMENT` */
export function checkLockName(name: unknown, what = 'lock'): string {
  if (isLockName(name)) return name;
  throw new HedgeError('INVALID_ARGUMENT', INVALID_NAME(what, name));
}
