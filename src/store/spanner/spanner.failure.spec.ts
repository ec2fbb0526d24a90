import { describe, expect, it } from 'vitest';
import { HedgeError, StoreError, type StoreFailure } from '../../errors/index.js';
import {
  isConcurrentCreation,
  isDefinite,
  isIndexMissing,
  isSessionLost,
  toStoreError,
  type SpannerPhase,
} from './spanner.failure.js';
import { spannerDatabaseName } from './spanner.options.js';

const database = spannerDatabaseName('projects/p/instances/i/databases/d');
const tables = { lockTable: 'locktable', logTable: 'logtable' };

function grpcError(code: number, details: string): Error {
  return Object.assign(new Error(`${code} SOMETHING: ${details}`), { code, details });
}

function explained(code: number, details: string, phase: SpannerPhase): StoreError {
  const error = toStoreError(grpcError(code, details), { phase, database, tables });
  if (!(error instanceof StoreError)) throw error;
  return error;
}

describe('toStoreError', () => {
  it.each<[number, string, SpannerPhase, StoreFailure]>([
    [1, 'Cancelled on client', 'commit', 'unavailable'],
    [2, 'Stream removed', 'commit', 'unavailable'],
    [4, 'Deadline exceeded after 0.4s', 'commit', 'unavailable'],
    [13, 'Received RST_STREAM with code 2', 'commit', 'unavailable'],
    [14, 'No connection established', 'commit', 'unavailable'],
    [15, 'Lost', 'read', 'unavailable'],
    [10, 'Transaction was aborted.', 'commit', 'aborted'],
    [10, 'Transaction was aborted.', 'read', 'aborted'],
    [6, 'Table locktable: Row {String("a")} already exists.', 'commit', 'row-exists'],
    [
      5,
      'Row {String("a")} in table locktable is missing. Row cannot be updated.',
      'commit',
      'row-missing',
    ],
    // Names are quoted in the texts of errors, and users choose names.
    [
      5,
      'Row {String("Session not found")} in table locktable is missing.',
      'commit',
      'row-missing',
    ],
    [
      5,
      'Row {String("Table not found: x")} in table locktable is missing.',
      'commit',
      'row-missing',
    ],
    [
      5,
      'Session not found: projects/p/instances/i/databases/d/sessions/s',
      'commit',
      'unavailable',
    ],
    [5, 'Table not found: locktable', 'commit', 'invalid'],
    [5, 'Column not found in table locktable: writer', 'commit', 'invalid'],
    [5, 'Database not found: projects/p/instances/i/databases/d', 'read', 'invalid'],
    [5, 'Instance not found: projects/p/instances/i', 'read', 'invalid'],
    [7, 'Caller is missing IAM permission spanner.sessions.create', 'read', 'invalid'],
    [16, 'Request had invalid authentication credentials', 'read', 'invalid'],
    [16, 'Getting metadata from plugin failed with error: invalid_grant', 'read', 'invalid'],
    [
      16,
      'Getting metadata from plugin failed with error: ENOTFOUND oauth2.googleapis.com',
      'read',
      'unavailable',
    ],
    [3, 'Table not found: locktable [at 1:22]', 'read', 'invalid'],
    [3, 'Unrecognized name: writer', 'read', 'invalid'],
    [3, 'The key size exceeds the limit of 8192', 'commit', 'refused'],
    [3, 'The transaction contains too many mutations.', 'commit', 'refused'],
    [9, 'New value exceeds the maximum size limit for this column', 'commit', 'refused'],
    [9, 'Check constraint `logtable`.`c` is violated', 'commit', 'refused'],
    [11, 'Check constraint `logtable`.`c` is violated', 'commit', 'refused'],
    [
      9,
      'Cannot write commit timestamps because the allow_commit_timestamp column option is not set to true',
      'commit',
      'invalid',
    ],
    [
      9,
      'This transaction has been invalidated by a later transaction in the same session.',
      'commit',
      'aborted',
    ],
    [8, 'Quota exceeded', 'commit', 'unavailable'],
    [8, 'Received message larger than max (104857601 vs. 104857600)', 'commit', 'refused'],
    [12, 'Unknown method', 'read', 'invalid'],
    [9, 'Schema change failed', 'ddl', 'invalid'],
  ])('takes %i "%s" at %s for %s', (code, details, phase, failure) => {
    const error = explained(code, details, phase);
    expect(error.failure).toBe(failure);
    expect(error.message).toContain(details);
    expect(error.cause).toMatchObject({ code });
  });

  it('says what to do', () => {
    expect(explained(5, 'Table not found: locktable', 'commit').message).toContain(
      'CREATE TABLE IF NOT EXISTS locktable',
    );
    expect(explained(5, 'Database not found: d', 'read').message).toContain(
      'gcloud spanner databases create d --instance=i --project=p',
    );
    expect(explained(7, 'denied', 'read').message).toContain('roles/spanner.databaseUser');
  });

  it('tells a lack of credentials from a lack of network', () => {
    const context = { phase: 'read', database, tables } as const;
    const none = new Error('Could not load the default credentials. Browse to …');
    expect(toStoreError(none, context)).toMatchObject({ failure: 'invalid' });
    expect(toStoreError(new Error('socket hang up'), context)).toMatchObject({
      failure: 'unavailable',
    });
  });

  it('leaves our own errors alone', () => {
    const own = new HedgeError('INVALID_OPTIONS', 'no');
    expect(toStoreError(own, { phase: 'read', database, tables })).toBe(own);
  });
});

describe('what is known of a gRPC error', () => {
  const sessionLost = grpcError(5, 'Session not found: s');
  const indexMissing = grpcError(5, 'Index not found on table logtable : logtable_newest');

  it('names the cause only when the server says so', () => {
    expect(isSessionLost(sessionLost)).toBe(true);
    expect(isSessionLost(grpcError(5, 'Row {String("Session not found")} is missing'))).toBe(false);
    expect(isSessionLost(new Error('Session not found'))).toBe(false);
    expect(isIndexMissing(indexMissing)).toBe(true);
    expect(isIndexMissing(sessionLost)).toBe(false);
  });

  it('keeps the session only after an answer of the server', () => {
    expect(isDefinite(grpcError(10, 'aborted'))).toBe(true);
    expect(isDefinite(grpcError(5, 'Row is missing'))).toBe(true);
    expect(isDefinite(sessionLost)).toBe(false);
    for (const code of [1, 2, 4, 8, 13, 14, 15]) {
      expect(isDefinite(grpcError(code, 'x'))).toBe(false);
    }
    expect(isDefinite(new Error('x'))).toBe(false);
  });

  it('waits for another member that creates the tables', () => {
    expect(isConcurrentCreation(grpcError(9, 'Duplicate name in schema: locktable.'))).toBe(true);
    expect(
      isConcurrentCreation(grpcError(9, 'rejected because a concurrent schema change operation')),
    ).toBe(true);
    expect(isConcurrentCreation(grpcError(7, 'denied'))).toBe(false);
  });
});
