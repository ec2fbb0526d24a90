import type { protos } from '@google-cloud/spanner';
import type { EntryQuery, RowQuery } from '../hedge.store.js';
import { encodeTimestamp, listValue, textValue } from './spanner.encoding.js';
import type { SpannerTables } from './spanner.options.js';

type Value = protos.google.protobuf.IValue;
type SpannerType = protos.google.spanner.v1.IType;
type KeyRange = protos.google.spanner.v1.IKeyRange;

/** The part of a request that says what to run. */
export interface Statement {
  readonly sql: string;
  readonly params: { readonly fields: Record<string, Value> };
  readonly paramTypes: Record<string, SpannerType>;
}

const TEXT: SpannerType = { code: 'STRING' };
const TEXTS: SpannerType = { code: 'ARRAY', arrayElementType: TEXT };
const NUMBER: SpannerType = { code: 'INT64' };
const MOMENT: SpannerType = { code: 'TIMESTAMP' };

type Parameter = readonly [SpannerType, Value];

/**
 * Lock rows by name, by range, and by who owns the rows of the range, each by the primary key. A row that several of
 * them find comes several times.
 *
 * The age is the server's sum: its clock is the only one that all members share. In microseconds, because nanoseconds
 * overflow for a heartbeat in the year 1.
 */
export function lockRows({ lockTable }: SpannerTables, query: RowQuery): Statement {
  const { names, range, limit, owners } = query;
  const branches: string[] = [];
  const parameters: Record<string, Parameter> = {};
  if (names || !range) {
    branches.push(
      `${selectLockRow('r')} FROM \`${lockTable}\` AS r WHERE r.name IN UNNEST(@names)`,
    );
    parameters['names'] = [TEXTS, listValue(names ?? [])];
  }
  if (range) {
    const within = 'r.name >= @from AND r.name < @to';
    const rows = limit === undefined ? `\`${lockTable}\`` : firstLockRows(lockTable);
    branches.push(`${selectLockRow('r')} FROM ${rows} AS r WHERE ${within}`);
    parameters['from'] = [TEXT, textValue(range.from)];
    parameters['to'] = [TEXT, textValue(range.to)];
    if (limit !== undefined) parameters['limit'] = [NUMBER, textValue(String(limit))];
    if (owners !== undefined) {
      branches.push(
        `${selectLockRow('o')} FROM ${rows} AS r ` +
          `JOIN@{FORCE_JOIN_ORDER=TRUE, JOIN_METHOD=APPLY_JOIN} \`${lockTable}\` AS o ` +
          `ON o.name = CONCAT(@owners, r.writer) WHERE ${within}`,
      );
      parameters['owners'] = [TEXT, textValue(owners)];
    }
  }
  return statement(`${branches.join(' UNION ALL ')} ORDER BY name`, parameters);
}

function firstLockRows(lockTable: string): string {
  return `(SELECT * FROM \`${lockTable}\` WHERE name >= @from AND name < @to ORDER BY name LIMIT @limit)`;
}

function selectLockRow(row: string): string {
  return (
    `SELECT ${row}.name, ${row}.writer, ${row}.token, ` +
    `TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), ${row}.heartbeat, MICROSECOND) AS age`
  );
}

/** The columns of an entry, in the order that `storedEntry` takes them. */
export function entryColumns({ withoutValues }: EntryQuery): string[] {
  const columns = ['id', 'key', 'leader', 'timestamp'];
  return withoutValues ? columns : [...columns, 'value'];
}

/** The entries of one key, sorted by the server. */
export function sortedEntries({ logTable }: SpannerTables, query: EntryQuery): Statement {
  const { key, order, limit, offset = 0, before, after } = query;
  const parameters: Record<string, Parameter> = { key: [TEXT, textValue(key)] };
  const conditions = ['e.key = @key', 'e.timestamp IS NOT NULL'];
  if (before !== undefined) {
    conditions.push('e.timestamp < @before');
    parameters['before'] = [MOMENT, textValue(encodeTimestamp(before))];
  }
  if (after !== undefined) {
    conditions.push('e.timestamp > @after');
    parameters['after'] = [MOMENT, textValue(encodeTimestamp(after))];
  }
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  let sql =
    `SELECT ${entryColumns(query)
      .map((column) => `e.${column}`)
      .join(', ')} ` +
    `FROM \`${logTable}\` AS e WHERE ${conditions.join(' AND ')} ` +
    `ORDER BY e.timestamp ${direction}, e.id ${direction}`;
  if (limit !== undefined || offset > 0) {
    sql += ' LIMIT @limit OFFSET @offset';
    parameters['limit'] = [NUMBER, textValue(String(limit ?? MANY))];
    parameters['offset'] = [NUMBER, textValue(String(offset))];
  }
  return statement(sql, parameters);
}

/** OFFSET cannot stand without LIMIT. */
const MANY = Number.MAX_SAFE_INTEGER;

/** The same entries in an index by (key, timestamp DESC, id DESC). Nulls come last there, and are left out. */
export function newestFirstRange({ key, before, after }: EntryQuery): KeyRange {
  const bound = (moment: Value) => ({ values: [textValue(key), moment] });
  const end = {
    endOpen: bound(after === undefined ? { nullValue: 'NULL_VALUE' } : timestampValue(after)),
  };
  return before === undefined
    ? { startClosed: { values: [textValue(key)] }, ...end }
    : { startOpen: bound(timestampValue(before)), ...end };
}

const timestampValue = (ns: bigint) => textValue(encodeTimestamp(ns));

/** What the database knows about columns: table, column, type, whether it takes commit timestamps. */
export function columnsOfTables(tables: SpannerTables): Statement {
  return statement(
    `SELECT c.table_name, c.column_name, c.spanner_type, o.option_value
     FROM information_schema.columns AS c
     LEFT JOIN information_schema.column_options AS o
       ON o.table_schema = c.table_schema AND o.table_name = c.table_name AND o.column_name = c.column_name
       AND o.option_name = 'allow_commit_timestamp'
     WHERE c.table_schema = '' AND LOWER(c.table_name) IN UNNEST(@tables)`,
    tableNames(tables),
  );
}

/** Their indexes and primary keys: table, index, column, position (null: stored along), order. */
export function indexesOfTables(tables: SpannerTables): Statement {
  return statement(
    `SELECT c.table_name, c.index_name, c.column_name, CAST(c.ordinal_position AS STRING), c.column_ordering
     FROM information_schema.index_columns AS c
     JOIN information_schema.indexes AS i
       ON i.table_schema = c.table_schema AND i.table_name = c.table_name AND i.index_name = c.index_name
     WHERE c.table_schema = '' AND LOWER(c.table_name) IN UNNEST(@tables)
       AND (i.index_state IS NULL OR i.index_state = 'READ_WRITE')
     ORDER BY c.table_name, c.index_name, c.ordinal_position`,
    tableNames(tables),
  );
}

function tableNames({ lockTable, logTable }: SpannerTables): Record<string, Parameter> {
  return { tables: [TEXTS, listValue([lockTable.toLowerCase(), logTable.toLowerCase()])] };
}

function statement(sql: string, parameters: Record<string, Parameter>): Statement {
  const entries = Object.entries(parameters);
  return {
    sql,
    params: { fields: Object.fromEntries(entries.map(([name, [, value]]) => [name, value])) },
    paramTypes: Object.fromEntries(entries.map(([name, [type]]) => [name, type])),
  };
}
