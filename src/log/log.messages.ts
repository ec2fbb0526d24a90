import { EXPECTED, shown } from '../errors/index.js';
import { TERM_ENDED } from '../lock/index.js';
import type { LossReason } from '../session/index.js';

export const RESERVED_KEY = (key: string) =>
  `The key ${shown(key)} begins with '__hedge/', which is reserved for the library. Choose another key.`;

export const TOO_LARGE = (what: string, size: number, most: number, unit: string) =>
  `The ${what} has ${size} ${unit}, and the log takes at most ${most}. Nothing was sent. Keep large data elsewhere, and put a reference to it.`;

export const MALFORMED_TEXT = (field: string) =>
  `The ${field} contains a lone surrogate, so it is not valid text. Nothing was sent. See String.prototype.toWellFormed().`;

export const FOREIGN_TERM =
  'Expected `term` to be a Leadership of this member. Read it from `HedgeService.leadership`.';

export const FOREIGN_LOCK = (got: unknown) =>
  `${EXPECTED('lock', 'a Lock that this member acquired', got)} Omit the option to put without a lock.`;

export const PUT_TIMEOUT_TOO_LONG = (timeout: number, most: number) =>
  `A put can be retried for at most ${most} ms (twice \`requestTimeout\`), got a timeout of ${timeout} ms.`;

/** An activity, for `TIMED_OUT` and `ABORTED`. */
export const PUTTING = (key: string) => `putting ${shown(key)}`;

export const TERM_IS_OVER =
  'The leadership term that this put is bound to has ended. The entry was not written, and this attempt will not write it.';

export const LOCK_IS_OVER = (what: string, reason: LossReason) =>
  `${TERM_ENDED(what, reason)} The entry was not written, and this attempt will not write it. Acquire the lock again before the next put.`;

export const PUT_UNKNOWN =
  'The store did not confirm the entry in time. The entry may be in the log already, or appear there later.';

export const PUT_DROPPED =
  'The entry waited on the leader until its timeout, and the leader dropped it. Nothing was written.';
