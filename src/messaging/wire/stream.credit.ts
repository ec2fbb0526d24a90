/**
 * How far the sender of a stream may run ahead of its receiver, counted in units of JSON that are under way or wait
 * to be consumed. An item larger than what is left passes too: any size gets through, one at a time.
 * @internal
 */

/** UTF-16 characters of a frame. */
const UNIT = 1_024;

/** Units that a receiver lets a sender run ahead: a quarter of a million characters, or 256 small items. */
export const STREAM_WINDOW = 256;

/** Units consumed before they are granted anew: a frame per item would cost as much as the items. */
export const GRANT_BATCH = STREAM_WINDOW / 4;

/** More than this at once no honest receiver grants: what arrives in one frame may be as long as that. */
export const MAX_CREDIT = 2 ** 20;

/** What an item costs whose frame is so long, in units. */
export function costOf(frameLength: number): number {
  return Math.max(1, Math.ceil(frameLength / UNIT));
}

export function isCredit(units: unknown): units is number {
  return Number.isSafeInteger(units) && (units as number) > 0 && (units as number) <= MAX_CREDIT;
}
