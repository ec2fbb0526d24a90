import type { protos } from '@google-cloud/spanner';
import type { LockRow, StoredEntry } from '../hedge.store.js';
import { decodeTimestamp } from './spanner.encoding.js';

type Value = protos.google.protobuf.IValue;

/** A row as it arrives: Spanner sends every column type used here as text, or null. */
export type TextRow = readonly (string | null)[];

/** The rows of a unary answer. */
export function rowsOf(resultSet: protos.google.spanner.v1.IResultSet): TextRow[] {
  return (resultSet.rows ?? []).map((row) => (row.values ?? []).map(textOf));
}

/**
 * Puts the parts of a streamed answer together: a part holds values regardless of rows, and its last value may
 * go on in the next part.
 */
export class StreamedRows {
  readonly #values: (string | null)[] = [];
  #unfinished: string | undefined;

  constructor(private readonly columns: number) {}

  add(part: protos.google.spanner.v1.IPartialResultSet): void {
    const values = (part.values ?? []).map(textOf);
    if (values.length === 0) return;
    if (this.#unfinished !== undefined) values[0] = this.#unfinished + (values[0] ?? '');
    this.#unfinished = part.chunkedValue ? (values.pop() ?? '') : undefined;
    for (const value of values) this.#values.push(value);
  }

  rows(): TextRow[] {
    const rows: TextRow[] = [];
    for (let at = 0; at + this.columns <= this.#values.length; at += this.columns) {
      rows.push(this.#values.slice(at, at + this.columns));
    }
    return rows;
  }
}

/** Columns: name, writer, token, age in µs. */
function lockRow([name, writer, token, age]: TextRow): LockRow {
  return {
    name: name!,
    writer: writer ?? undefined,
    token: token == null ? undefined : decodeTimestamp(token),
    age: age == null ? undefined : Number(age) / 1_000,
  };
}

/** The rows without those that several branches of the query found. */
export function distinctLockRows(rows: readonly TextRow[]): LockRow[] {
  return [...new Map(rows.map((row) => [row[0], lockRow(row)])).values()];
}

/** Columns: id, key, leader, timestamp and, unless left out, value. */
export function storedEntry([id, key, leader, timestamp, value]: TextRow): StoredEntry {
  return {
    id: id ?? '',
    key: key ?? '',
    value: value ?? '',
    leader: leader ?? '',
    timestamp: decodeTimestamp(timestamp!),
  };
}

function textOf(value: Value): string | null {
  return value.stringValue ?? null;
}
