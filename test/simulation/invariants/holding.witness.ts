import type { Term } from '../../../src/lock/index.js';
import type { Mutation } from '../../../src/store/index.js';
import type { ModelStore } from '../../support/simulated/model.store.js';
import { violated } from './violation.js';

/** Watches who holds what: invariants 1 to 3, and 5. */
export class HoldingWitness {
  /** The terms that may still be held, by where their fences stand. */
  readonly #terms = new Map<string, Term[]>();
  readonly #newest = new Map<string, bigint>();

  /** A member was told that it holds a lock or a permit from now on. */
  began(term: Term): void {
    const { row, fences } = term.resource;
    if (!isPermit(row)) {
      const newest = this.#newest.get(row) ?? 0n;
      if (term.token <= newest) violated(2, `${row}: token ${term.token} after ${newest}`);
      this.#newest.set(row, term.token);
    }
    const terms = this.#terms.get(fences.from) ?? [];
    terms.push(term);
    this.#terms.set(fences.from, terms);
  }

  /** The process is gone, and its terms can mislead nobody any more. */
  crashed(id: string): void {
    for (const [resource, terms] of this.#terms) {
      this.#terms.set(
        resource,
        terms.filter(({ session }) => session.owner.address !== id),
      );
    }
  }

  /** To be called after everything that happens. */
  check(): void {
    for (const [resource, terms] of this.#terms) {
      if (terms.length < 2) continue;
      const held = terms.filter((term) => term.isHeld());
      this.#terms.set(
        resource,
        terms.filter((term) => term.lossReason === undefined || held.includes(term)),
      );
      if (held.length > Math.min(...held.map(({ row }) => limitOf(row)))) {
        const holders = held.map(({ session, row }) => `${session.owner.address} (${row})`);
        violated(isPermit(resource) ? 5 : 1, `${resource} is held by ${holders.join(' and ')}`);
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
      if (mutation.table !== 'lock' || mutation.op !== 'insert') continue;
      const { name } = mutation;
      if (!name.includes('#') && !isPermit(name)) continue;
      const gone = new Set(mutations.map((other) => other.op === 'delete' && nameOf(other)));
      const others = besides(name, store).filter((other) => !gone.has(other));
      if (others.length >= Math.min(...[name, ...others].map(limitOf))) {
        violated(isPermit(name) ? 5 : 1, `${name} was taken beside ${others.join(' and ')}`);
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

/** What stands for others that hold the same. */
function besides(name: string, { rows }: ModelStore): string[] {
  const resource = isPermit(name) ? /^.*\/semaphore\/[^/]+\// : /^[^#]*#/;
  const [prefix] = resource.exec(name)!;
  return [...rows.keys()].filter((other) => other.startsWith(prefix));
}

function isPermit(name: string): boolean {
  return name.startsWith('hedge/sim/semaphore/');
}

/** By the name of a fence: how many may hold the same. */
function limitOf(fence: string): number {
  return isPermit(fence) ? Number(fence.split('/').at(-2)) : 1;
}

function nameOf(mutation: Mutation): string | undefined {
  return mutation.table === 'lock' ? mutation.name : undefined;
}
