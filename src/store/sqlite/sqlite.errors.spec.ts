import { describe, expect, it } from 'vitest';
import { commitError, statementError } from './sqlite.errors.js';

const FILE = '/data/hedge.db';

function sqliteError(code: string): Error {
  return Object.assign(new Error(`driver says ${code}`), { code });
}

describe('what a failed statement says about the data', () => {
  it.each([
    ['SQLITE_BUSY', 'aborted'],
    ['SQLITE_BUSY_SNAPSHOT', 'aborted'],
    ['SQLITE_LOCKED', 'aborted'],
    ['SQLITE_CONSTRAINT_PRIMARYKEY', 'row-exists'],
    ['SQLITE_CONSTRAINT_UNIQUE', 'row-exists'],
    ['SQLITE_CONSTRAINT_NOTNULL', 'refused'],
    ['SQLITE_CONSTRAINT', 'refused'],
    ['SQLITE_TOOBIG', 'refused'],
    ['SQLITE_NOTADB', 'invalid'],
    ['SQLITE_CORRUPT_INDEX', 'invalid'],
    ['SQLITE_READONLY', 'invalid'],
    ['SQLITE_READONLY_DIRECTORY', 'invalid'],
    // SQLITE_READONLY_DIRECTORY again, as the driver gives it.
    ['UNKNOWN_SQLITE_ERROR_1544', 'invalid'],
    ['SQLITE_CANTOPEN', 'invalid'],
    ['SQLITE_PERM', 'invalid'],
    ['SQLITE_FULL', 'invalid'],
    ['SQLITE_ERROR', 'invalid'],
    ['SQLITE_IOERR_WRITE', 'unavailable'],
    ['SQLITE_NOMEM', 'unavailable'],
    ['SQLITE_SOMETHING_NEW', 'unavailable'],
    ['UNKNOWN_SQLITE_ERROR_255', 'unavailable'],
  ])('%s: %s', (code, failure) => {
    const cause = sqliteError(code);
    expect(statementError(cause, FILE)).toMatchObject({ failure, cause });
  });
});

describe('what a failed commit says about the data', () => {
  it.each([
    ['SQLITE_BUSY', 'aborted'],
    ['SQLITE_FULL', 'unavailable'],
    ['SQLITE_IOERR_FSYNC', 'unavailable'],
    ['SQLITE_READONLY', 'unavailable'],
  ])('%s: %s', (code, failure) => {
    const cause = sqliteError(code);
    expect(commitError(cause, FILE)).toMatchObject({ failure, cause });
  });
});

it.each([new TypeError('a mistake of ours'), 'thrown text', undefined])(
  'leaves alone what is not the database: %s',
  (error) => {
    expect(statementError(error, FILE)).toBe(error);
    expect(commitError(error, FILE)).toBe(error);
  },
);
