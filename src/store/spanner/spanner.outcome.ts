import type { Outcome, OutcomeQuery } from '../hedge.store.js';
import type { Attempt } from './spanner.attempt.js';
import type { SpannerConnection } from './spanner.connection.js';
import { decodeTimestamp, textValue } from './spanner.encoding.js';
import type { SpannerTables } from './spanner.options.js';
import { rowsOf, type TextRow } from './spanner.rows.js';

interface TableRead {
  readonly table: string;
  readonly columns: string[];
  readonly keys: readonly (readonly string[])[];
}

/**
 * Reads both tables as of one moment: the first read strong, saying when that was, the second as of then. By key, not
 * in one SQL statement over both, which would cost a plan for something that is needed after failures only.
 */
export async function readOutcome(
  connection: SpannerConnection,
  { lockTable, logTable }: SpannerTables,
  { entries, names }: OutcomeQuery,
  session: string,
  attempt: Attempt,
): Promise<Outcome> {
  let moment: object | undefined;
  const read = async ({ table, columns, keys }: TableRead): Promise<TextRow[]> => {
    if (keys.length === 0) return [];
    attempt.throwIfOver();
    const readOnly = moment
      ? { readTimestamp: moment }
      : { strong: true, returnReadTimestamp: true };
    const keySet = { keys: keys.map((key) => ({ values: key.map(textValue) })) };
    const request = { session, table, columns, keySet, transaction: { singleUse: { readOnly } } };
    const answer = await connection.call('read', request, attempt);
    moment ??= answer.metadata?.transaction?.readTimestamp ?? undefined;
    return rowsOf(answer);
  };
  const entryRows = await read({
    table: logTable,
    columns: ['key', 'id', 'timestamp'],
    keys: entries.map(({ key, id }) => [key, id]),
  });
  const lockRows = await read({
    table: lockTable,
    columns: ['name'],
    keys: names.map((name) => [name]),
  });
  return {
    entries: entryRows.map(([key, id, timestamp]) => ({
      key: key!,
      id: id!,
      timestamp: timestamp == null ? 0n : decodeTimestamp(timestamp),
    })),
    names: lockRows.map(([name]) => name!),
  };
}
