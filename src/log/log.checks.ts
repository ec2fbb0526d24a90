import { EXPECTED, HedgeError } from '../errors/index.js';
import { MALFORMED_TEXT, RESERVED_KEY, TOO_LARGE } from './log.messages.js';

/** bytes of UTF-8: a Spanner key takes 8 KiB, with the entry's id and its time */
export const MOST_KEY_BYTES = 4_096;
/** characters, as in Spanner's STRING(MAX) */
export const MOST_VALUE_CHARACTERS = 2_621_440;
/** Keys with this prefix belong to the library. */
const RESERVED_PREFIX = '__hedge/';

/** @throws HedgeError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string' || key === '') {
    throw new HedgeError('INVALID_ARGUMENT', EXPECTED('key', 'a non-empty string', key));
  }
  checkText('key', key);
  if (key.startsWith(RESERVED_PREFIX)) {
    throw new HedgeError('INVALID_ARGUMENT', RESERVED_KEY(key));
  }
  const bytes = Buffer.byteLength(key);
  if (bytes > MOST_KEY_BYTES) {
    throw new HedgeError('PAYLOAD_TOO_LARGE', TOO_LARGE('key', bytes, MOST_KEY_BYTES, 'bytes'));
  }
  return key;
}

/** @throws HedgeError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function checkValue(value: unknown): string {
  if (typeof value !== 'string') {
    throw new HedgeError('INVALID_ARGUMENT', EXPECTED('value', 'a string', value));
  }
  checkText('value', value);
  if (value.length > MOST_VALUE_CHARACTERS) {
    throw new HedgeError(
      'PAYLOAD_TOO_LARGE',
      TOO_LARGE('value', value.length, MOST_VALUE_CHARACTERS, 'characters'),
    );
  }
  return value;
}

/** Half of a surrogate pair has no UTF-8: the store would keep another text than it was given. */
function checkText(field: string, text: string): void {
  if (text.isWellFormed()) return;
  throw new HedgeError('INVALID_ARGUMENT', MALFORMED_TEXT(field));
}
