import { AsyncLocalStorage } from 'node:async_hooks';
import { repeated } from '../session/index.js';
import { waitLimits, type Clock, type WaitLimits, type WaitOptions } from '../time/index.js';
import type { HedgeStore, StoreCall } from '../store/index.js';
import type { MemberLocks } from './member-locks.js';
import type { HeldTerms } from './held-terms.js';
import { Lock } from './lock.js';
import { checkLockName } from '../table/index.js';
import { groupLock, namedLock } from './lock.resource.js';
import type { Holder, Resource } from './resource.js';
import { checkRoutine, type RoutineRunner } from './routine.runner.js';
import type { Term } from './term.js';

export interface LockServiceParts {
  readonly group: string;
  /** ms */
  readonly requestTimeout: number;
  readonly heldTerms: HeldTerms;
  readonly memberLocks: MemberLocks;
  readonly runner: RoutineRunner;
  readonly store: HedgeStore;
  readonly clock: Clock;
}

/** Named locks of the group: takes them, and tells which this member holds. */
export class LockService {
  readonly #groupLock: Resource;
  readonly #scope = new AsyncLocalStorage<Lock>();

  /** @internal made by `HedgeModule`: inject it */
  constructor(private readonly parts: LockServiceParts) {
    this.#groupLock = groupLock(parts.group);
  }

  /** The lock that the running `using` or `@WithLock` routine holds, the innermost where they are nested. */
  get current(): Lock | undefined {
    return this.#scope.getStore();
  }

  /**
   * Waits for the lock, first come, first served, and holds it until it is released or lost. Not reentrant: who holds
   * it already waits like everybody else.
   * @throws HedgeError `TIMEOUT` (the text says who holds it), `ABORTED`, `NOT_RUNNING`, `INVALID_ARGUMENT`,
   *   `STORE_UNAVAILABLE`, `STORE_INVALID`
   */
  async acquire(name: string, options: WaitOptions = {}): Promise<Lock> {
    const resource = this.#named(name);
    return this.#held(name, await this.parts.memberLocks.acquire(resource, this.#limits(options)));
  }

  /**
   * Takes the lock if nobody holds it. It does not wait, nor stand in line: it may overtake those that do.
   * @param options limits how long the store may take
   * @throws HedgeError as {@link acquire}
   */
  async tryAcquire(name: string, options: WaitOptions = {}): Promise<Lock | undefined> {
    const resource = this.#named(name);
    const term = await this.parts.memberLocks.tryAcquire(resource, this.#limits(options));
    return term && this.#held(name, term);
  }

  /**
   * Acquires the lock, runs `fn` with it, and releases it. Resolves and rejects as `fn` does. `lock.signal` tells `fn`
   * to stop when the lock is lost; one that does not listen is waited for all the same.
   * @throws HedgeError `LOCK_LOST` when `fn` succeeded and the lock had been lost before its end; and as {@link
   *   acquire}
   */
  async using<R>(
    name: string,
    fn: (lock: Lock) => Promise<R>,
    options: WaitOptions = {},
  ): Promise<R> {
    checkRoutine(fn);
    return this.#run(await this.acquire(name, options), fn);
  }

  /**
   * The same if nobody holds the lock, and what `onBusy` gives if somebody does.
   * @internal
   */
  async usingIfFree<R>(
    name: string,
    fn: (lock: Lock) => Promise<R>,
    options: WaitOptions,
    onBusy: (holder: Holder) => R,
  ): Promise<R> {
    const resource = this.#named(name);
    const outcome = await this.parts.memberLocks.attempt(resource, this.#limits(options));
    if (outcome.kind === 'held') return onBusy(outcome.holder);
    return this.#run(this.#held(name, outcome.term), fn);
  }

  /**
   * Whether this member holds the lock now, by its own clocks: no I/O, and never true past the deadline.
   * @param name the group's own lock (leadership) when left out
   * @throws HedgeError `INVALID_ARGUMENT` for a name that cannot be a lock's
   */
  hasLock(name?: string): boolean {
    return this.parts.heldTerms.of(this.#resource(name)) !== undefined;
  }

  /**
   * Whether this member holds the lock by the store's own rows too: one strong read. For the moment
   * before something that cannot be undone; a token given along with the write is better still.
   * @throws HedgeError `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`
   */
  async verifyLock(name?: string, options: WaitOptions = {}): Promise<boolean> {
    const term = this.parts.heldTerms.of(this.#resource(name));
    if (!term) return false;
    const { store, clock } = this.parts;
    const names = [term.row, term.session.row];
    const limits = this.#limits(options);
    try {
      const read = (call: StoreCall) => store.rows({ names }, call);
      const rows = await repeated(clock, limits, read, term.signal);
      return rows.length === names.length && term.isHeld();
    } catch (error) {
      // Lost meanwhile: whatever the store would say, this member does not hold it.
      if (term.signal.aborted && error === term.signal.reason) return false;
      throw error;
    }
  }

  #resource(name: string | undefined): Resource {
    return name === undefined ? this.#groupLock : this.#named(name);
  }

  #named(name: string): Resource {
    return namedLock(this.parts.group, checkLockName(name));
  }

  #limits(options: WaitOptions): WaitLimits {
    return waitLimits(options, this.parts.requestTimeout);
  }

  #held(name: string, term: Term): Lock {
    this.parts.heldTerms.add(term);
    return new Lock(name, term, (held) => this.parts.memberLocks.release(held));
  }

  #run<R>(lock: Lock, fn: (lock: Lock) => Promise<R>): Promise<R> {
    return this.parts.runner.run(lock, () => this.#scope.run(lock, () => fn(lock)));
  }
}
