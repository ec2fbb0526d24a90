import { repeated, waitLimits, type Clock, type WaitOptions } from '../session/index.js';
import type { HedgeStore, StoreCall } from '../store/index.js';
import type { HeldTerms } from './held-terms.js';
import { checkLockName } from './lock.name.js';
import { groupLock, namedLock } from './lock.rows.js';
import type { Place } from './place.js';

/** Tells which locks this member holds. */
export class LockService {
  readonly #groupLock: Place;

  /** @internal made by `HedgeModule`: inject it */
  constructor(
    private readonly group: string,
    private readonly terms: HeldTerms,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
    private readonly requestTimeout: number,
  ) {
    this.#groupLock = groupLock(group);
  }

  /**
   * Whether this member holds the lock now, by its own clocks: no I/O, and never true past the deadline.
   * @param name the group's own lock (leadership) when left out
   * @throws HedgeError `INVALID_ARGUMENT` for a name that cannot be a lock's
   */
  hasLock(name?: string): boolean {
    return this.terms.of(this.#place(name)) !== undefined;
  }

  /**
   * Whether this member holds the lock by the store's own rows too: one strong read. For the moment
   * before something that cannot be undone; a token given along with the write is better still.
   * @throws HedgeError `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`
   */
  async verifyLock(name?: string, options: WaitOptions = {}): Promise<boolean> {
    const term = this.terms.of(this.#place(name));
    if (!term) return false;
    const names = [term.row, term.session.row];
    const limits = waitLimits(options, this.requestTimeout);
    try {
      const read = (call: StoreCall) => this.store.rows({ names }, call);
      const rows = await repeated(this.clock, limits, read, term.signal);
      return rows.length === names.length && term.isHeld();
    } catch (error) {
      // Lost meanwhile: whatever the store would say, this member does not hold it.
      if (term.signal.aborted && error === term.signal.reason) return false;
      throw error;
    }
  }

  #place(name: string | undefined): Place {
    return name === undefined ? this.#groupLock : namedLock(this.group, checkLockName(name));
  }
}
