import { HedgeError } from '../errors/index.js';
import { NOT_WRITTEN } from '../hedge.messages.js';
import type { Term } from '../lock/index.js';
import {
  attemptTimeoutOf,
  Backoff,
  sleep,
  type Clock,
  type SessionKeeper,
} from '../session/index.js';
import type { HedgeStore, Outcome } from '../store/index.js';
import type { PendingEntry } from './pending.entry.js';

/** ms */
const LONGEST_LOOK = 2_000;

/** Finds out what became of entries whose commit did not simply succeed. */
export class CommitOutcomes {
  readonly #closed = new AbortController();

  constructor(
    private readonly keeper: SessionKeeper,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Settles what one consistent read can settle: entries that are there are acknowledged with their stored timestamp;
   * those that are absent are not written for good if the term's rows are gone too.
   * @returns the entries to send again: absent, while the term stands
   */
  async settle(term: Term, entries: PendingEntry[]): Promise<PendingEntry[]> {
    const backoff = new Backoff(20, 500);
    let open = this.#rejectNeverSent(term, entries);
    while (open.length > 0) {
      const outcome = await this.#look(term, open);
      if (outcome) {
        open = this.#acknowledge(open, outcome);
        if (!this.#stands(term, outcome)) return this.#rejectAll(open);
        // While the fence stands a late commit may still land. Sent again under the same ids it meets itself.
        if (term.isHeld()) return open;
      }
      await sleep(this.clock, backoff.next(), this.#closed.signal);
      const now = this.#closed.signal.aborted ? Infinity : this.clock.now().monotonic;
      open = open.filter((pending) => !pending.dropIfUnwanted(now));
    }
    return [];
  }

  /** The member has shut down: what is not settled by now stays unknown. */
  close(): void {
    this.#closed.abort();
  }

  async #look(term: Term, open: PendingEntry[]): Promise<Outcome | undefined> {
    const query = {
      entries: open.map(({ entry }) => ({ id: entry.id, key: entry.key })),
      names: [term.row, term.session.row],
    };
    const timeout = Math.min(LONGEST_LOOK, attemptTimeoutOf(term.session.owner.leaseDuration));
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

  /** Passes on what the read showed: nobody else may notice before the deadline. */
  #stands(term: Term, { names }: Outcome): boolean {
    if (!names.includes(term.session.row)) {
      this.keeper.end(term.session, 'session-gone');
      return false;
    }
    if (names.includes(term.row)) return true;
    this.keeper.lose(term.session, term);
    return false;
  }

  #rejectAll(entries: PendingEntry[]): PendingEntry[] {
    for (const pending of entries) {
      pending.reject(new HedgeError('NOT_LEADER', NOT_WRITTEN()));
    }
    return [];
  }

  /** After the term, what was never sent never will be. */
  #rejectNeverSent(term: Term, entries: PendingEntry[]): PendingEntry[] {
    if (term.isHeld()) return entries;
    this.#rejectAll(entries.filter((pending) => !pending.mayHaveLanded));
    return entries.filter((pending) => pending.mayHaveLanded);
  }
}
