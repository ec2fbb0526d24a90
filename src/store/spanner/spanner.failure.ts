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

/** What was asked when the error came: only a commit carries data that can be refused. */
export type SpannerPhase = 'read' | 'commit' | 'ddl';

export interface FailureContext {
  readonly phase: SpannerPhase;
  readonly database: SpannerDatabaseName;
  readonly tables: SpannerTables;
}

/** What an error of gRPC, or of the search for credentials, says about the data. */
export function toStoreError(error: unknown, context: FailureContext): HedgeError {
  if (error instanceof HedgeError) return error;
  const [failure, message] = explain(error, context);
  return new StoreError(failure, message, { cause: error });
}

/** The server forgot the session (idle for an hour, a restart): nothing of the call was done. */
export function isSessionLost(error: unknown): boolean {
  return grpcCode(error) === GRPC.NOT_FOUND && /^session not found/i.test(grpcReason(error));
}

/** The index went away after the store was opened. */
export function isIndexMissing(error: unknown): boolean {
  return grpcCode(error) === GRPC.NOT_FOUND && /index/i.test(grpcReason(error));
}

/** Answered by the server with an error that leaves the session fit for the next call. */
export function isDefinite(error: unknown): boolean {
  const code = grpcCode(error);
  return code !== undefined && DEFINITE.has(code) && !isSessionLost(error);
}

/** Someone else is creating the same tables. */
export function isConcurrentCreation(error: unknown): boolean {
  const code = grpcCode(error);
  const reason = grpcReason(error);
  return (
    code === GRPC.ALREADY_EXISTS ||
    code === GRPC.ABORTED ||
    (code === GRPC.FAILED_PRECONDITION && /duplicate name|concurrent|in progress/i.test(reason))
  );
}

/** The transaction is over, and there is nothing left to roll back. */
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
      // Mostly quota and load, which pass. A commit that is too large for the wire never does.
      return phase === 'commit' && /larger than max|message size|too large/i.test(reason)
        ? ['refused', messages.REFUSED(reason)]
        : ['unavailable', messages.UNAVAILABLE(database.path, reason)];
    case GRPC.UNIMPLEMENTED:
      return ['invalid', messages.NOT_SPANNER(database.path, reason)];
    default:
      // CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS: anything may have happened.
      return isCredentialFault(reason)
        ? ['invalid', messages.NO_CREDENTIALS(reason)]
        : ['unavailable', messages.UNAVAILABLE(database.path, reason)];
  }
}

/** Spanner says NOT_FOUND for all there is, and only the text tells what. */
function notFound(reason: string, error: unknown, context: FailureContext): Explanation {
  const { database } = context;
  // Quoted names could hold any of these words, so only the beginning counts.
  if (isSessionLost(error)) return ['unavailable', messages.SESSION_LOST(reason)];
  if (/^database not found/i.test(reason))
    return ['invalid', messages.NO_DATABASE(database, reason)];
  if (/^instance not found/i.test(reason))
    return ['invalid', messages.NO_INSTANCE(database, reason)];
  if (/^(table|column|index) not found/i.test(reason)) return schemaUnfit(reason, context);
  return ['row-missing', messages.ROW_MISSING(reason)];
}

/** INVALID_ARGUMENT, OUT_OF_RANGE and FAILED_PRECONDITION: on a commit the data is at fault, or the schema. */
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
  // gRPC says this too when the token could not be fetched for lack of a network.
  return /metadata from plugin/i.test(reason) && !isCredentialFault(reason)
    ? ['unavailable', messages.UNAVAILABLE(database.path, reason)]
    : ['invalid', messages.NO_CREDENTIALS(reason)];
}

function schemaUnfit(reason: string, { database, tables }: FailureContext): Explanation {
  return ['invalid', messages.SCHEMA_UNFIT(database, reason, spannerSchema(tables))];
}

/** Words of google-auth-library, which has no codes for them. */
function isCredentialFault(reason: string): boolean {
  return /default credentials|invalid_grant|no key or keyfile|ENOENT|universe domain/i.test(reason);
}
