/**
 * A member counts its own session as ended a guard before the end of the lease. The others end it a margin after that
 * end. Guard and margin together must exceed 1 % of the lease (two clocks of different pace) plus the error of the
 * store's clock (GUARD-AND-MARGIN).
 */

/** ms from the owner's deadline to the end of its lease. */
export function guardOf(leaseDuration: number): number {
  return Math.max(50, leaseDuration / 100);
}

/** ms from the end of a lease until others may end the session. */
export function marginOf(leaseDuration: number): number {
  return Math.max(300, leaseDuration / 50);
}

/** ms until others may end a session that was renewed `age` ms ago. 0 or less: they may. */
export function remainingOf(leaseDuration: number, age: number | undefined): number {
  return leaseDuration + marginOf(leaseDuration) - (age ?? Infinity);
}

/** The same, as the owner knows it: `untilDeadline` ms are left on its own clock. */
export function remainingForOthers(leaseDuration: number, untilDeadline: number): number {
  return untilDeadline + guardOf(leaseDuration) + marginOf(leaseDuration);
}

/** ms after which a request to the store is given up, so that another request fits into the rest of the lease. */
export function attemptTimeoutOf(leaseDuration: number): number {
  return Math.max(250, leaseDuration / 4);
}
