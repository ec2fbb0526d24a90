import type { Term } from '../../src/lock/index.js';
import type { Mutation } from '../../src/store/index.js';
import type { ModelStore } from './model.store.js';
import { violated } from './violation.js';

/** Watches who holds what: invariants 1 to 3. */
export class HoldingWitness {
  /** The terms that may still be held, by lock. */
  readonly #terms = new Map<string, Term[]>();
  readonly #newest = new Map<string, bigint>();

  /** A member was told that it holds a lock from now on. */
  began(term: Term): void {
    const { row } = term.place;
    const newest = this.#newest.get(row) ?? 0n;
    if (term.token <= newest) violated(2, `${row}: token ${term.token} after ${newest}`);
    this.#newest.set(row, term.token);
    const terms = this.#terms.get(row) ?? [];
    terms.push(term);
    this.#terms.set(row, terms);
  }

  /** The process is gone, and its terms can mislead nobody any more. */
  crashed(id: string): void {
    for (const [row, terms] of this.#terms) {
      this.#terms.set(
        row,
        terms.filter(({ session }) => session.owner.address !== id),
      );
    }
  }

  /** To be called after everything that happens. */
  check(): void {
    for (const [row, terms] of this.#terms) {
      if (terms.length < 2) continue;
      const held = terms.filter((term) => term.isHeld());
      this.#terms.set(
        row,
        terms.filter((term) => term.lossReason === undefined || held.includes(term)),
      );
      if (held.length > 1) {
        const holders = held.map(({ session, token }) => `${session.owner.address} (${token})`);
        violated(1, `${row} is held by ${holders.join(' and ')}`);
      }
    }
  }

  /** Of every commit, before it is applied: what it writes to the log belongs to a term that stands. */
  readonly commit = (mutations: readonly Mutation[], store: ModelStore): void => {
    for (const mutation of mutations) {
      if (mutation.table === 'log' && mutation.op === 'insert') {
        const fences = fencesIn(store).filter(([, token]) => `${token}` === mutation.value);
        const stands = fences.some(([, , session]) => store.rows.has(session));
        if (!stands) violated(3, `${mutation.id} was written by ${mutation.value}, which is over`);
      }
      if (mutation.table === 'lock' && mutation.op === 'insert' && mutation.name.includes('#')) {
        const gone = new Set(mutations.map((other) => other.op === 'delete' && nameOf(other)));
        const [lock] = mutation.name.split('#');
        const others = fencesIn(store).filter(
          ([name]) => name.startsWith(`${lock}#`) && !gone.has(name),
        );
        if (others.length > 0) violated(1, `${lock} was taken while a fence of it stands`);
      }
    }
  };
}

/** Programs outside read the lock's own row: it tells of the term whose fence stands. */
export function checkLockRows(store: ModelStore): void {
  for (const [name, token] of fencesIn(store)) {
    const row = store.rows.get(name.slice(0, name.indexOf('#')));
    if (row?.token !== token || row?.heartbeat === undefined) {
      violated(3, `the row of ${name} says ${row?.token}, renewed at ${row?.heartbeat}`);
    }
  }
}

function fencesIn({
  rows,
}: ModelStore): [name: string, token: bigint | undefined, owner: string][] {
  return [...rows]
    .filter(([name]) => name.includes('#'))
    .map(([name, { token, writer }]) => [name, token, `hedge/sim/session/${writer}`]);
}

function nameOf(mutation: Mutation): string | undefined {
  return mutation.table === 'lock' ? mutation.name : undefined;
}
