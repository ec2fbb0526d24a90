import { StoreError } from '../../errors/index.js';
import {
  cannotOpen,
  commitFailed,
  diskFull,
  locked,
  notADatabase,
  readOnly,
  refusedBy,
  rowExists,
  sqlFailed,
  storeFailed,
  tooLarge,
} from './sqlite.messages.js';

/** SQLite's primary result codes, by number. */
const PRIMARY_CODES: Readonly<Record<number, string>> = {
  5: 'BUSY',
  6: 'LOCKED',
  8: 'READONLY',
  11: 'CORRUPT',
  14: 'CANTOPEN',
  19: 'CONSTRAINT',
};

/** What a failed statement before the commit says about the data: it is rolled back, so nothing was written. */
export function statementError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const { code, message } = error;
  const options = { cause: error };
  if (/^SQLITE_CONSTRAINT_(?:PRIMARYKEY|UNIQUE|ROWID)$/.test(code)) {
    return new StoreError('row-exists', rowExists(message), options);
  }
  // `SQLITE_READONLY_DBMOVED` and its like are variants of the same trouble.
  switch (primaryCode(code)) {
    case 'BUSY':
    case 'LOCKED':
      return new StoreError('aborted', locked(file), options);
    case 'CONSTRAINT':
    case 'MISMATCH':
      return new StoreError('refused', refusedBy(message), options);
    case 'TOOBIG':
      return new StoreError('refused', tooLarge(), options);
    case 'NOTADB':
    case 'CORRUPT':
      return new StoreError('invalid', notADatabase(file), options);
    case 'READONLY':
      return new StoreError('invalid', readOnly(file), options);
    case 'CANTOPEN':
    case 'PERM':
    case 'AUTH':
      return new StoreError('invalid', cannotOpen(file), options);
    case 'FULL':
      return new StoreError('invalid', diskFull(file), options);
    case 'ERROR':
    case 'SCHEMA':
      return new StoreError('invalid', sqlFailed(file, message), options);
    default:
      return new StoreError('unavailable', storeFailed(file, message), options);
  }
}

/**
 * What a failed COMMIT says about the data. Only "busy" promises that nothing was written: after a failed write
 * or sync the commit may already be in the write-ahead log, where the next start would find it.
 */
export function commitError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  if (error.code.startsWith('SQLITE_BUSY')) return statementError(error, file);
  const why = error.code === 'SQLITE_FULL' ? diskFull(file) : error.message;
  return new StoreError('unavailable', commitFailed(file, why), { cause: error });
}

/** The driver has no names for some extended codes; the lowest byte of those says what they are variants of. */
function primaryCode(code: string): string | undefined {
  const unnamed = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code)?.[1];
  return unnamed === undefined ? code.split('_')[1] : PRIMARY_CODES[Number(unnamed) & 0xff];
}

function isSqliteError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(?:UNKNOWN_)?SQLITE_/.test(error.code)
  );
}
