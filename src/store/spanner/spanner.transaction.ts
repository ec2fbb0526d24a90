import type { Decision, LockRow, RowQuery, TransactionResult } from '../hedge.store.js';
import type { Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import { encodeMutations, protoTimestamp } from './spanner.encoding.js';
import { isAborted, isDefinite, isSessionLost } from './spanner.failure.js';
import type { SpannerTables } from './spanner.options.js';
import { lockRows } from './spanner.queries.js';
import { distinctLockRows, rowsOf } from './spanner.rows.js';
import type { SpannerSession, SpannerSessions } from './spanner.sessions.js';

interface TransactionParts {
  readonly connection: SpannerConnection;
  readonly sessions: SpannerSessions;
  readonly tables: SpannerTables;
}

/** `decide` threw. The error belongs to the caller, and goes back to the caller unchanged. */
export class DecideError extends Error {
  constructor(readonly thrown: unknown) {
    super('The decision of a transaction threw.', { cause: thrown });
  }
}

/**
 * A single attempt of a read-write transaction. The read begins it, which saves a round trip, and the commit ends it. A
 * transaction without a commit is rolled back in the background, so that its row locks do not wait for a time-out.
 */
export async function transactOnce<T>(
  { connection, sessions, tables }: TransactionParts,
  session: SpannerSession,
  query: RowQuery,
  decide: (rows: readonly LockRow[]) => Decision<T>,
  attempt: Attempt,
): Promise<TransactionResult<T>> {
  attempt.throwIfOver();
  const begin = {
    session: session.name,
    transaction: { begin: { readWrite: {} } },
    ...lockRows(tables, query),
  };
  const read = await connection.call('executeSql', begin, attempt);
  const transaction = { session: session.name, transactionId: read.metadata!.transaction!.id! };
  let open = true;
  try {
    const decision = decideFrom(distinctLockRows(rowsOf(read)), decide);
    if (decision.mutations.length === 0) return { result: decision.result, timestamp: undefined };
    const mutations = encodeMutations(decision.mutations, tables);
    attempt.commitLeaves();
    open = false;
    try {
      const { commitTimestamp } = await connection.call(
        'commit',
        { ...transaction, mutations },
        attempt,
      );
      return { result: decision.result, timestamp: protoTimestamp(commitTimestamp) };
    } catch (error) {
      if (isSessionLost(error)) attempt.commitFailed();
      open = isDefinite(error) && !isAborted(error);
      throw error;
    }
  } finally {
    if (open) {
      const rollback = connection.call('rollback', transaction, sessions.backgroundAttempt());
      // The outcome decides whether the session can be used again.
      session.unfinished = rollback;
    }
  }
}

function decideFrom<T>(
  rows: readonly LockRow[],
  decide: (rows: readonly LockRow[]) => Decision<T>,
): Decision<T> {
  try {
    return decide(rows);
  } catch (error) {
    throw new DecideError(error);
  }
}
