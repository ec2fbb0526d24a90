import { attemptTimeoutOf, type SessionKeeper } from '../session/index.js';
import type { HedgeStore, Outcome } from '../store/index.js';
import { Backoff, sleep, type Clock } from '../time/index.js';
import type { BoundTerms } from './bound.terms.js';
import type { PendingEntry } from './pending.entry.js';

/** ms */
const LONGEST_LOOK = 2_000;

/** Finds out whether entries were written when their commit did not simply succeed. */
export class CommitOutcomes {
  readonly #closed = new AbortController();

  constructor(
    private readonly keeper: SessionKeeper,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Settles entries by one consistent read. Entries in the log are acknowledged with their stored timestamp. Absent
   * entries are rejected if the row of a term is gone too: then they can never be written.
   * @returns the entries to send again: they are absent, and the terms stand
   */
  async settle(bound: BoundTerms, entries: PendingEntry[]): Promise<PendingEntry[]> {
    const backoff = new Backoff(20, 500);
    let open = this.#rejectNeverSent(bound, entries);
    while (open.length > 0) {
      const outcome = await this.#look(bound, open);
      if (outcome) {
        open = this.#acknowledge(open, outcome);
        if (!this.#stand(bound, outcome)) return this.#rejectAll(bound, open);
        // While the fences stand, a late commit may still land (NOT-WRITTEN-NEEDS-PROOF). An entry that is sent again
        // under its id meets itself.
        if (bound.areHeld()) return open;
      }
      await sleep(this.clock, backoff.next(), this.#closed.signal);
      if (this.#closed.signal.aborted) return this.#dropAll(open);
      open = open.filter((pending) => !pending.dropIfUnwanted());
    }
    return [];
  }

  /** This member has shut down: the outcome of entries that are not settled by now stays unknown. */
  close(): void {
    this.#closed.abort();
  }

  async #look({ all, session }: BoundTerms, open: PendingEntry[]): Promise<Outcome | undefined> {
    const query = {
      entries: open.map(({ entry }) => ({ id: entry.id, key: entry.key })),
      names: [...all.map(({ row }) => row), session.row],
    };
    const timeout = Math.min(LONGEST_LOOK, attemptTimeoutOf(session.owner.leaseDuration));
    try {
      return await this.store.outcome(query, { timeout, signal: this.#closed.signal });
    } catch {
      return undefined;
    }
  }

  #acknowledge(open: PendingEntry[], outcome: Outcome): PendingEntry[] {
    const found = new Map(outcome.entries.map(({ id, timestamp }) => [id, timestamp]));
    return open.filter((pending) => {
      const timestamp = found.get(pending.entry.id);
      if (timestamp === undefined) return true;
      pending.acknowledge(timestamp);
      return false;
    });
  }

  /** Passes on which rows are gone: otherwise this member may notice only at its deadline. */
  #stand({ all, session }: BoundTerms, { names }: Outcome): boolean {
    if (!names.includes(session.row)) {
      this.keeper.end(session, 'session-gone');
      return false;
    }
    const gone = all.filter(({ row }) => !names.includes(row));
    for (const term of gone) this.keeper.lose(session, term);
    return gone.length === 0;
  }

  #rejectAll(bound: BoundTerms, entries: PendingEntry[]): PendingEntry[] {
    for (const pending of entries) pending.reject(bound.refusal());
    return [];
  }

  #dropAll(entries: PendingEntry[]): PendingEntry[] {
    for (const pending of entries) pending.drop();
    return [];
  }

  /** After the end of a term, entries that were not sent yet never are. */
  #rejectNeverSent(bound: BoundTerms, entries: PendingEntry[]): PendingEntry[] {
    if (bound.areHeld()) return entries;
    const unsent = entries.filter((pending) => !pending.mayHaveLanded);
    this.#rejectAll(bound, unsent);
    return entries.filter((pending) => pending.mayHaveLanded);
  }
}
