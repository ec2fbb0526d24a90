import { StoreError } from '../../errors/index.js';
import {
  CANNOT_OPEN,
  COMMIT_FAILED,
  DISK_FULL,
  LOCKED,
  NOT_A_DATABASE,
  READ_ONLY,
  REFUSED,
  ROW_EXISTS,
  SQL_FAILED,
  STORE_FAILED,
  TOO_LARGE,
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

/** The error of a failed statement before the commit. It is rolled back, so nothing was written. */
export function statementError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const { code, message } = error;
  const options = { cause: error };
  if (/^SQLITE_CONSTRAINT_(?:PRIMARYKEY|UNIQUE|ROWID)$/.test(code)) {
    return new StoreError('row-exists', ROW_EXISTS(message), options);
  }
  // Codes such as `SQLITE_READONLY_DBMOVED` are variants of a primary code.
  switch (primaryCode(code)) {
    case 'BUSY':
    case 'LOCKED':
      return new StoreError('aborted', LOCKED(file), options);
    case 'CONSTRAINT':
    case 'MISMATCH':
      return new StoreError('refused', REFUSED(message), options);
    case 'TOOBIG':
      return new StoreError('refused', TOO_LARGE, options);
    case 'NOTADB':
    case 'CORRUPT':
      return new StoreError('invalid', NOT_A_DATABASE(file), options);
    case 'READONLY':
      return new StoreError('invalid', READ_ONLY(file), options);
    case 'CANTOPEN':
    case 'PERM':
    case 'AUTH':
      return new StoreError('invalid', CANNOT_OPEN(file), options);
    case 'FULL':
      return new StoreError('invalid', DISK_FULL(file), options);
    case 'ERROR':
    case 'SCHEMA':
      return new StoreError('invalid', SQL_FAILED(file, message), options);
    default:
      return new StoreError('unavailable', STORE_FAILED(file, message), options);
  }
}

/**
 * The error of a failed COMMIT. Only "busy" promises that nothing was written. After a failed write or sync, the commit
 * may already be in the write-ahead log, where the next start finds it.
 */
export function commitError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  if (error.code.startsWith('SQLITE_BUSY')) return statementError(error, file);
  const why = error.code === 'SQLITE_FULL' ? DISK_FULL(file) : error.message;
  return new StoreError('unavailable', COMMIT_FAILED(file, why), { cause: error });
}

/** The driver has no names for some extended codes. Their lowest byte is their primary code. */
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
