import type { protos } from '@google-cloud/spanner';
import { StoreError } from '../../errors/index.js';
import type { Mutation } from '../hedge.store.js';
import { NOT_TEXT } from './spanner.messages.js';
import type { SpannerTables } from './spanner.options.js';

type Value = protos.google.protobuf.IValue;
type SpannerMutation = protos.google.spanner.v1.IMutation;
type Write = { table: string; columns: string[]; values: { values: Value[] }[] };
type WriteOp = 'insert' | 'update' | 'insertOrUpdate';

/** Spanner replaces it with the timestamp of the commit. */
const COMMIT_TIMESTAMP = 'spanner.commit_timestamp()';
const WRITE_OPS = { insert: 'insert', update: 'update', upsert: 'insertOrUpdate' } as const;
const NS_PER_SECOND = 1_000_000_000n;

export const textValue = (text: string): Value => ({ stringValue: text });
export const listValue = (texts: readonly string[]): Value => ({
  listValue: { values: texts.map(textValue) },
});
const nullValue = (): Value => ({ nullValue: 'NULL_VALUE' });

/**
 * The mutations in Spanner's form and in the same order. Neighbours that write the same columns share a message, so
 * that a batch of a thousand log rows names the columns once.
 */
export function encodeMutations(
  mutations: readonly Mutation[],
  tables: SpannerTables,
): SpannerMutation[] {
  const encoded: SpannerMutation[] = [];
  let last: { op: WriteOp; write: Write } | undefined;
  for (const mutation of mutations) {
    if (mutation.op === 'delete') {
      encoded.push(encodeDelete(mutation, tables));
      last = undefined;
      continue;
    }
    const op = WRITE_OPS[mutation.op];
    const write = encodeWrite(mutation, tables);
    if (last?.op === op && sameColumns(last.write, write)) {
      last.write.values.push(...write.values);
    } else {
      encoded.push({ [op]: write });
      last = { op, write };
    }
  }
  return encoded;
}

function encodeWrite(mutation: Exclude<Mutation, { op: 'delete' }>, tables: SpannerTables): Write {
  const columns: [string, Value][] =
    mutation.table === 'log'
      ? [
          ['id', ownText('id', mutation.id)],
          ['key', ownText('key', mutation.key)],
          ['value', ownText('value', mutation.value)],
          ['leader', ownText('leader', mutation.leader)],
          ['timestamp', textValue(COMMIT_TIMESTAMP)],
        ]
      : [['name', ownText('name', mutation.name)]];
  if (mutation.table === 'lock') {
    const { writer, heartbeat, token } = mutation;
    if (writer !== undefined) columns.push(['writer', ownText('writer', writer)]);
    if (heartbeat !== undefined) columns.push(['heartbeat', momentValue(heartbeat)]);
    if (token !== undefined) columns.push(['token', momentValue(token)]);
  }
  return {
    table: mutation.table === 'lock' ? tables.lockTable : tables.logTable,
    columns: columns.map(([name]) => name),
    values: [{ values: columns.map(([, value]) => value) }],
  };
}

function encodeDelete(
  mutation: Extract<Mutation, { op: 'delete' }>,
  { lockTable, logTable }: SpannerTables,
): SpannerMutation {
  const [table, key] =
    mutation.table === 'lock'
      ? [lockTable, [ownText('name', mutation.name)]]
      : [logTable, [ownText('key', mutation.key), ownText('id', mutation.id)]];
  return { delete: { table, keySet: { keys: [{ values: key }] } } };
}

function sameColumns(a: Write, b: Write): boolean {
  return a.table === b.table && a.columns.join() === b.columns.join();
}

const momentValue = (moment: 'now' | null) =>
  moment === null ? nullValue() : textValue(COMMIT_TIMESTAMP);

/**
 * A lone surrogate has no UTF-8. On the wire it becomes bytes that the server cannot parse, and the error of the server
 * looks like a temporary error.
 */
function ownText(what: string, text: string): Value {
  if (LONE_SURROGATE.test(text)) throw new StoreError('refused', NOT_TEXT(what));
  return textValue(text);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Spanner's TIMESTAMP has the years 1 to 9999. */
const FIRST_NS = -62_135_596_800_000_000_000n;
const LAST_NS = 253_402_300_799_999_999_999n;

/** ns since 1970 as Spanner's TIMESTAMP: RFC 3339 with nine digits. A `Date` has only three. */
export function encodeTimestamp(moment: bigint): string {
  const ns = moment < FIRST_NS ? FIRST_NS : moment > LAST_NS ? LAST_NS : moment;
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const ms = Number((ns - fraction) / 1_000_000n);
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`;
}

/** Spanner's RFC 3339 as ns since 1970. */
export function decodeTimestamp(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('Z', '').split('.');
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** A protobuf timestamp as ns since 1970. */
export function protoTimestamp(
  timestamp: protos.google.protobuf.ITimestamp | null | undefined,
): bigint {
  return BigInt(String(timestamp?.seconds ?? 0)) * NS_PER_SECOND + BigInt(timestamp?.nanos ?? 0);
}
