import { StoreError } from '../../src/errors/index.js';
import type {
  EntryQuery,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoredEntry,
} from '../../src/store/index.js';
import type { VirtualTime } from '../support/virtual-clock.js';

export interface ModelRow {
  readonly writer: string | undefined;
  /** ns by the store's clock */
  readonly heartbeat: bigint | undefined;
  readonly token: bigint | undefined;
}

/** What a transaction read, and when: it may commit only if nothing of that was written since. */
export interface Snapshot {
  readonly rows: LockRow[];
  readonly version: number;
  reads(name: string): boolean;
}

/** Looks at every commit before it is applied. */
export type CommitWitness = (mutations: readonly Mutation[], store: ModelStore) => void;

/** The two tables as Spanner keeps them: serializable, with commit timestamps that rise. */
export class ModelStore {
  readonly rows = new Map<string, ModelRow>();
  readonly log = new Map<string, StoredEntry>();
  /** By row, the version that wrote (or deleted) it last. */
  readonly #written = new Map<string, number>();
  #version = 0;
  #lastTimestamp = 0n;

  constructor(
    private readonly time: VirtualTime,
    /** How fast the store's clock goes. */
    private readonly pace: number,
    /** ms by which one reading of the store's clock may differ from another. */
    private readonly skew: () => number,
    /** Forget what transactions have read by the time they commit. */
    private readonly isForgetful = false,
    private readonly witness: CommitWitness = () => undefined,
  ) {}

  /**
   * All of the mutations, or none.
   * @throws StoreError `row-missing`, `row-exists`; `aborted` when what the snapshot read was written since
   */
  commit(mutations: readonly Mutation[], snapshot?: Snapshot): bigint {
    if (snapshot && !this.isForgetful && this.#isStale(snapshot)) throw failed('aborted');
    this.#check(mutations);
    this.witness(mutations, this);
    const timestamp = this.#timestamp();
    this.#version++;
    for (const mutation of mutations) this.#apply(mutation, timestamp);
    return timestamp;
  }

  /** How many there have been. */
  get commits(): number {
    return this.#version;
  }

  snapshot({ names = [], range, limit, owners }: RowQuery): Snapshot {
    const wanted = new Set(names);
    const inRange = (name: string) => range !== undefined && name >= range.from && name < range.to;
    // Names are ASCII here: sorted as the stores have them.
    const found = [...this.rows.keys()].filter(inRange).toSorted().slice(0, limit);
    for (const name of found) {
      const { writer } = this.rows.get(name)!;
      wanted.add(name);
      if (owners !== undefined && writer !== undefined) wanted.add(owners + writer);
    }
    const now = this.#now() + this.skew();
    const rows = [...wanted].filter((name) => this.rows.has(name));
    return {
      rows: rows.map((name) => this.#read(name, now)),
      version: this.#version,
      reads: (name) => wanted.has(name) || inRange(name),
    };
  }

  entries({ key, order }: EntryQuery): StoredEntry[] {
    const found = [...this.log.values()].filter((entry) => entry.key === key).toSorted(byAge);
    return order === 'oldest' ? found : found.toReversed();
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

  /** ms by the store's clock since the row's heartbeat. */
  age(name: string): number {
    return this.#read(name, this.#now()).age ?? Infinity;
  }

  #isStale(snapshot: Snapshot): boolean {
    for (const [name, version] of this.#written) {
      if (version > snapshot.version && snapshot.reads(name)) return true;
    }
    return false;
  }

  /** Whether all of it can be applied, each mutation after the ones before it. */
  #check(mutations: readonly Mutation[]): void {
    const changed = new Map<string, boolean>();
    for (const mutation of mutations) {
      const { key, stands } = this.#place(mutation);
      const isThere = changed.get(key) ?? stands;
      if (mutation.op === 'update' && !isThere) throw failed('row-missing');
      if (mutation.op === 'insert' && isThere) throw failed('row-exists');
      changed.set(key, mutation.op !== 'delete');
    }
  }

  #place(mutation: Mutation): { key: string; stands: boolean } {
    if (mutation.table === 'lock') {
      return { key: mutation.name, stands: this.rows.has(mutation.name) };
    }
    const ref = refOf(mutation.key, mutation.id);
    return { key: `log ${ref}`, stands: this.log.has(ref) };
  }

  #apply(mutation: Mutation, timestamp: bigint): void {
    if (mutation.table === 'log') {
      const ref = refOf(mutation.key, mutation.id);
      if (mutation.op === 'delete') {
        this.log.delete(ref);
        return;
      }
      const { id, key, value, leader } = mutation;
      this.log.set(ref, { id, key, value, leader, timestamp });
      return;
    }
    this.#written.set(mutation.name, this.#version);
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

  #read(name: string, now: number): LockRow {
    const row = this.rows.get(name);
    const heartbeat = row?.heartbeat;
    const age = heartbeat === undefined ? undefined : now - Number(heartbeat) / 1e6;
    return { name, writer: row?.writer, token: row?.token, age };
  }

  #now(): number {
    return 1_000_000 + this.time.now * this.pace;
  }

  #timestamp(): bigint {
    const now = BigInt(Math.round(this.#now() * 1e6));
    this.#lastTimestamp = now > this.#lastTimestamp ? now : this.#lastTimestamp + 1n;
    return this.#lastTimestamp;
  }
}

function refOf(key: string, id: string): string {
  return `${key} ${id}`;
}

/** As `history` gives them, oldest first. */
export function byAge(one: StoredEntry, other: StoredEntry): number {
  if (one.timestamp !== other.timestamp) return one.timestamp < other.timestamp ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

export function failed(failure: StoreError['failure']): StoreError {
  return new StoreError(failure, `The model store says ${failure}.`);
}
