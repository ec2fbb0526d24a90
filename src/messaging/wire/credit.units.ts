/**
 * How far the sender of a stream may run ahead of its receiver, counted in units of JSON that travel or wait to be
 * consumed. With any credit left, an item of any size may leave: large items travel one at a time.
 * @internal
 */

/** UTF-16 characters of a frame. */
const UNIT = 1_024;

/** Units that a sender may run ahead: a quarter of a million characters, or 256 small items. */
export const STREAM_WINDOW = 256;

/** Units that are consumed before they are granted again: a grant per item would cost as much as the items. */
export const GRANT_BATCH = STREAM_WINDOW / 4;

/** The most that an honest receiver grants at once: the length of the longest frame, and more. */
export const MAX_CREDIT = 2 ** 20;

/** The cost of an item in units, by the length of its frame. */
export function costOf(frameLength: number): number {
  return Math.max(1, Math.ceil(frameLength / UNIT));
}

export function isCredit(units: unknown): units is number {
  return Number.isSafeInteger(units) && (units as number) > 0 && (units as number) <= MAX_CREDIT;
}
