import { HedgeError, StoreError, type StoreFailure } from '../../errors/index.js';
import { grpcCode, grpcReason } from './grpc.error.js';
import * as messages from './spanner.messages.js';
import type { SpannerDatabaseName } from './spanner.database-name.js';
import type { SpannerTables } from './spanner.options.js';
import { spannerSchema } from './spanner.schema.js';

/** The status codes of gRPC. */
const GRPC = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

/** The kind of the call. Spanner can refuse data of a commit only. */
export type SpannerPhase = 'read' | 'commit' | 'ddl';

export interface FailureContext {
  readonly phase: SpannerPhase;
  readonly database: SpannerDatabaseName;
  readonly tables: SpannerTables;
}

/** The outcome for the data of an error of gRPC or of the search for credentials. */
export function toStoreError(error: unknown, context: FailureContext): HedgeError {
  if (error instanceof HedgeError) return error;
  const [failure, message] = explain(error, context);
  return new StoreError(failure, message, { cause: error });
}

/** The server dropped the session (idle for an hour, a restart), so it did nothing of the call. */
export function isSessionLost(error: unknown): boolean {
  return grpcCode(error) === GRPC.NOT_FOUND && /^session not found/i.test(grpcReason(error));
}

/** The index was dropped after the store was opened. */
export function isIndexMissing(error: unknown): boolean {
  return grpcCode(error) === GRPC.NOT_FOUND && /index/i.test(grpcReason(error));
}

/** The server answered with an error after which the session can serve the next call. */
export function isDefinite(error: unknown): boolean {
  const code = grpcCode(error);
  return code !== undefined && DEFINITE.has(code) && !isSessionLost(error);
}

/** Another process is creating the same tables. */
export function isConcurrentCreation(error: unknown): boolean {
  const code = grpcCode(error);
  const reason = grpcReason(error);
  return (
    code === GRPC.ALREADY_EXISTS ||
    code === GRPC.ABORTED ||
    (code === GRPC.FAILED_PRECONDITION && /duplicate name|concurrent|in progress/i.test(reason))
  );
}

/** The transaction is over, so it needs no rollback. */
export function isAborted(error: unknown): boolean {
  return grpcCode(error) === GRPC.ABORTED;
}

const DEFINITE: ReadonlySet<number> = new Set([
  GRPC.INVALID_ARGUMENT,
  GRPC.NOT_FOUND,
  GRPC.ALREADY_EXISTS,
  GRPC.PERMISSION_DENIED,
  GRPC.FAILED_PRECONDITION,
  GRPC.ABORTED,
  GRPC.OUT_OF_RANGE,
  GRPC.UNIMPLEMENTED,
]);

type Explanation = [StoreFailure, string];

function explain(error: unknown, context: FailureContext): Explanation {
  const { phase, database } = context;
  const reason = grpcReason(error);
  switch (grpcCode(error)) {
    case GRPC.ABORTED:
      return ['aborted', messages.ABORTED(reason)];
    case GRPC.NOT_FOUND:
      return notFound(reason, error, context);
    case GRPC.ALREADY_EXISTS:
      return ['row-exists', messages.ROW_EXISTS(reason)];
    case GRPC.PERMISSION_DENIED:
      return ['invalid', messages.NO_PERMISSION(database.path, reason)];
    case GRPC.UNAUTHENTICATED:
      return unauthenticated(reason, context);
    case GRPC.INVALID_ARGUMENT:
    case GRPC.OUT_OF_RANGE:
    case GRPC.FAILED_PRECONDITION:
      return wrong(reason, grpcCode(error) === GRPC.FAILED_PRECONDITION, context);
    case GRPC.RESOURCE_EXHAUSTED:
      // Mostly quota and load, which are temporary. A commit that is too large for the wire never succeeds.
      return phase === 'commit' && /larger than max|message size|too large/i.test(reason)
        ? ['refused', messages.REFUSED(reason)]
        : ['unavailable', messages.UNAVAILABLE(database.path, reason)];
    case GRPC.UNIMPLEMENTED:
      return ['invalid', messages.NOT_SPANNER(database.path, reason)];
    default:
      // CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS: the outcome is unknown.
      return isCredentialFault(reason)
        ? ['invalid', messages.NO_CREDENTIALS(reason)]
        : ['unavailable', messages.UNAVAILABLE(database.path, reason)];
  }
}

/** Spanner answers NOT_FOUND for every missing thing, and only the text names it. */
function notFound(reason: string, error: unknown, context: FailureContext): Explanation {
  const { database } = context;
  // Quoted names may contain these words, so only the beginning of the text counts.
  if (isSessionLost(error)) return ['unavailable', messages.SESSION_LOST(reason)];
  if (/^database not found/i.test(reason))
    return ['invalid', messages.NO_DATABASE(database, reason)];
  if (/^instance not found/i.test(reason))
    return ['invalid', messages.NO_INSTANCE(database, reason)];
  if (/^(table|column|index) not found/i.test(reason)) return schemaUnfit(reason, context);
  return ['row-missing', messages.ROW_MISSING(reason)];
}

/** INVALID_ARGUMENT, OUT_OF_RANGE and FAILED_PRECONDITION: in a commit, the data or the schema is wrong. */
function wrong(reason: string, precondition: boolean, context: FailureContext): Explanation {
  if (context.phase === 'ddl') return ['invalid', messages.DDL_REFUSED(reason)];
  if (context.phase !== 'commit') return schemaUnfit(reason, context);
  if (precondition && /^this transaction has been invalidated/i.test(reason)) {
    return ['aborted', messages.ABORTED(reason)];
  }
  if (/allow_commit_timestamp|type mismatch|expected type|encryption|cmek|kms/i.test(reason)) {
    return schemaUnfit(reason, context);
  }
  return ['refused', messages.REFUSED(reason)];
}

function unauthenticated(reason: string, { database }: FailureContext): Explanation {
  // gRPC also answers this when it cannot fetch the token without a network.
  return /metadata from plugin/i.test(reason) && !isCredentialFault(reason)
    ? ['unavailable', messages.UNAVAILABLE(database.path, reason)]
    : ['invalid', messages.NO_CREDENTIALS(reason)];
}

function schemaUnfit(reason: string, { database, tables }: FailureContext): Explanation {
  return ['invalid', messages.SCHEMA_UNFIT(database, reason, spannerSchema(tables))];
}

/** Texts of google-auth-library, which has no codes for these errors. */
function isCredentialFault(reason: string): boolean {
  return /default credentials|invalid_grant|no key or keyfile|ENOENT|universe domain/i.test(reason);
}
