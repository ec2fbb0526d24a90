/**
 * How much earlier a member counts its own session as ended, and how much later the others do. Together they
 * must exceed 1 % of the lease (two clocks of different pace) plus the error of the store's clock (GUARD-AND-MARGIN).
 */

/** ms by which the owner's deadline comes before the end of its lease. */
export function guardOf(leaseDuration: number): number {
  return Math.max(50, leaseDuration / 100);
}

/** ms past the end of a lease after which the others may end the session. */
export function marginOf(leaseDuration: number): number {
  return Math.max(300, leaseDuration / 50);
}

/** ms until others may end a session that was renewed `age` ms ago; not above zero when they may. */
export function remainingOf(leaseDuration: number, age: number | undefined): number {
  return leaseDuration + marginOf(leaseDuration) - (age ?? Infinity);
}

/** The same, as the owner can tell the others: `untilDeadline` ms are left on its own clock. */
export function remainingForOthers(leaseDuration: number, untilDeadline: number): number {
  return untilDeadline + guardOf(leaseDuration) + marginOf(leaseDuration);
}

/** ms after which a request to the store is given up, so that another one fits into what is left of a lease. */
export function attemptTimeoutOf(leaseDuration: number): number {
  return Math.max(250, leaseDuration / 4);
}
