/// <reference lib="es2024.string" />
import { StoreError } from '../errors/index.js';
import {
  byCodePoint,
  type EntryQuery,
  type LockRow,
  type Mutation,
  type Outcome,
  type OutcomeQuery,
  type RowQuery,
  type StoredEntry,
} from '../store/index.js';
import { ENTRY_EXISTS, NOT_TEXT, ROW_EXISTS, ROW_MISSING } from './testing.messages.js';

export interface MemoryRow {
  readonly writer: string | undefined;
  /** ns by the store's clock */
  readonly heartbeat: bigint | undefined;
  readonly token: bigint | undefined;
}

type LogInsert = Extract<Mutation, { table: 'log'; op: 'insert' }>;

/** The two tables, with rising commit timestamps. */
export class MemoryTables {
  readonly rows = new Map<string, MemoryRow>();
  readonly log = new Map<string, StoredEntry>();
  #lastTimestamp = 0n;

  /** @param now ms by the store's clock */
  constructor(protected readonly now: () => number) {}

  /**
   * Applies all mutations or none.
   * @throws StoreError `row-missing`, `row-exists`, `refused`
   */
  commit(mutations: readonly Mutation[]): bigint {
    this.check(mutations);
    const timestamp = this.#timestamp();
    for (const mutation of mutations) this.#apply(mutation, timestamp);
    return timestamp;
  }

  read(query: RowQuery, now = this.now()): LockRow[] {
    return [...this.wanted(query)].flatMap((name) => this.#read(name, now) ?? []);
  }

  entries({ key, order, limit, before, after, offset = 0, withoutValues }: EntryQuery) {
    const isAsked = (entry: StoredEntry) =>
      entry.key === key &&
      (before === undefined || entry.timestamp < before) &&
      (after === undefined || entry.timestamp > after);
    const found = [...this.log.values()].filter(isAsked).toSorted(byAge);
    if (order === 'newest') found.reverse();
    const page = found.slice(offset, limit === undefined ? undefined : offset + limit);
    return page.map((entry) => (withoutValues ? { ...entry, value: '' } : entry));
  }

  outcome({ entries, names }: OutcomeQuery): Outcome {
    return {
      entries: entries.flatMap(({ key, id }) => {
        const entry = this.log.get(refOf(key, id));
        return entry ? [{ key, id, timestamp: entry.timestamp }] : [];
      }),
      names: names.filter((name) => this.rows.has(name)),
    };
  }

  /** ms since the row's heartbeat, by the store's clock. */
  age(name: string): number {
    return this.#read(name, this.now())?.age ?? Infinity;
  }

  /** The names that the query asks for, even of rows that do not exist. */
  protected wanted({ names = [], range, limit, owners }: RowQuery): Set<string> {
    const wanted = new Set(names);
    const inRange = isIn(range);
    const found = [...this.rows.keys()].filter(inRange).toSorted(byCodePoint).slice(0, limit);
    for (const name of found) {
      const writer = this.rows.get(name)?.writer;
      wanted.add(name);
      if (owners !== undefined && writer !== undefined) wanted.add(owners + writer);
    }
    return wanted;
  }

  /** Checks whether all mutations can be applied, one after the other. */
  protected check(mutations: readonly Mutation[]): void {
    const changed = new Map<string, boolean>();
    for (const mutation of mutations) {
      checkTexts(mutation);
      const { key, stands } = this.#targetOf(mutation);
      const isThere = changed.get(key) ?? stands;
      if (mutation.op === 'update' && !isThere) {
        throw new StoreError('row-missing', ROW_MISSING(mutation.name));
      }
      if (mutation.op === 'insert' && isThere) {
        const { table } = mutation;
        const text = table === 'log' ? ENTRY_EXISTS(mutation.id) : ROW_EXISTS(mutation.name);
        throw new StoreError('row-exists', text);
      }
      changed.set(key, mutation.op !== 'delete');
    }
  }

  #targetOf(mutation: Mutation): { key: string; stands: boolean } {
    if (mutation.table === 'lock') {
      return { key: `lock ${mutation.name}`, stands: this.rows.has(mutation.name) };
    }
    const ref = refOf(mutation.key, mutation.id);
    return { key: `log ${ref}`, stands: this.log.has(ref) };
  }

  #apply(mutation: Mutation, timestamp: bigint): void {
    if (mutation.table === 'log') {
      const ref = refOf(mutation.key, mutation.id);
      if (mutation.op === 'delete') this.log.delete(ref);
      else this.log.set(ref, entryOf(mutation, timestamp));
      return;
    }
    if (mutation.op === 'delete') {
      this.rows.delete(mutation.name);
      return;
    }
    const before = this.rows.get(mutation.name);
    const time = (value: 'now' | null | undefined, old: bigint | undefined) =>
      value === undefined ? old : value === null ? undefined : timestamp;
    this.rows.set(mutation.name, {
      writer: mutation.writer ?? before?.writer,
      heartbeat: time(mutation.heartbeat, before?.heartbeat),
      token: time(mutation.token, before?.token),
    });
  }

  #read(name: string, now: number): LockRow | undefined {
    const row = this.rows.get(name);
    if (!row) return undefined;
    const { writer, token, heartbeat } = row;
    const age = heartbeat === undefined ? undefined : now - Number(heartbeat) / 1e6;
    return { name, writer, token, age };
  }

  #timestamp(): bigint {
    const now = BigInt(Math.round(this.now() * 1e6));
    this.#lastTimestamp = now > this.#lastTimestamp ? now : this.#lastTimestamp + 1n;
    return this.#lastTimestamp;
  }
}

/** In the order of `history`, oldest first. */
export function byAge(one: StoredEntry, other: StoredEntry): number {
  if (one.timestamp !== other.timestamp) return one.timestamp < other.timestamp ? -1 : 1;
  return byCodePoint(one.id, other.id);
}

/** Whether a name lies in the range. */
export function isIn(range: RowQuery['range']): (name: string) => boolean {
  if (!range) return () => false;
  return (name) => byCodePoint(name, range.from) >= 0 && byCodePoint(name, range.to) < 0;
}

function entryOf({ id, key, value, leader }: LogInsert, timestamp: bigint): StoredEntry {
  return { id, key, value, leader, timestamp };
}

function refOf(key: string, id: string): string {
  return `${key.length} ${key} ${id}`;
}

/** A lone surrogate has no UTF-8, and the databases refuse it. */
function checkTexts(mutation: Mutation): void {
  for (const [column, text] of Object.entries(mutation)) {
    if (typeof text === 'string' && !text.isWellFormed()) {
      throw new StoreError('refused', NOT_TEXT(column));
    }
  }
}
