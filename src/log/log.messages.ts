import { EXPECTED, shown } from '../errors/index.js';
import { TERM_ENDED } from '../lock/index.js';
import type { LossReason } from '../session/index.js';

export const RESERVED_KEY = (key: string) =>
  `Keys that begin with '__hedge/' are reserved, got ${shown(key)}.`;

export const TOO_LARGE = (what: string, size: number, most: number, unit: string) =>
  `The ${what} has ${size} ${unit}; the log takes ${most} at the most. Keep large data elsewhere and put a reference to it.`;

export const MALFORMED_TEXT = (field: string) =>
  `The ${field} holds half of a surrogate pair, which is no text: see String.prototype.toWellFormed().`;

export const FOREIGN_TERM =
  '`term` must be a Leadership of this very member, as `HedgeService.leadership` gives it.';

export const FOREIGN_LOCK = (got: unknown) =>
  `${EXPECTED('lock', 'a Lock that this very member acquired', got)} Leave the option out to put without a lock.`;

export const PUT_TIMEOUT_TOO_LONG = (timeout: number, most: number) =>
  `A put may be retried for ${most} ms at the most (twice \`requestTimeout\`), got a timeout of ${timeout} ms.`;

export const PUTTING = (key: string) => `putting ${shown(key)}`;

export const TERM_IS_OVER =
  'The term is over that the put was bound to: it was not written, and will not be by this attempt.';

export const LOCK_IS_OVER = (what: string, reason: LossReason) =>
  `${TERM_ENDED(what, reason)} The put was not written, and will not be: acquire it anew for another.`;

export const PUT_UNKNOWN =
  'The store did not say in time whether the entry was written: it may be in the log, or land later.';

export const PUT_DROPPED =
  'The entry waited at the leader for longer than its timeout and was dropped. Nothing was written.';
