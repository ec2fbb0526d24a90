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

/**
 * The named locks of the group: acquires them, and says which of them this member holds. Inject it.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Billing {
 *   constructor(private readonly locks: LockService) {}
 *
 *   // One member at a time bills a customer. The others wait for it.
 *   async bill(customer: string): Promise<void> {
 *     await this.locks.using(`customer-${customer}`, async ({ token, signal }) => {
 *       const headers = { 'fencing-token': `${token}` };
 *       await fetch(`https://bank.example/${customer}`, { method: 'PUT', headers, signal });
 *     });
 *   }
 * }
 * ```
 */
export class LockService {
  readonly #groupLock: Resource;
  readonly #scope = new AsyncLocalStorage<Lock>();

  /** @internal made by `HedgeModule`: inject it */
  constructor(private readonly parts: LockServiceParts) {
    this.#groupLock = groupLock(parts.group);
  }

  /**
   * The lock of the `using` or `@WithLock` that the running code is in; of the innermost, if they are nested. Undefined
   * outside.
   */
  get current(): Lock | undefined {
    return this.#scope.getStore();
  }

  /**
   * Waits for the lock, first come, first served. The member holds it until your code releases it or the session ends.
   * Not reentrant: code that already holds the lock waits, too.
   * @throws HedgeError `TIMEOUT` (the message names the holder if the store showed one), `ABORTED`, `NOT_RUNNING`,
   *   `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`
   *
   * @example
   * ```ts
   * async function bill(locks: LockService, customer: string): Promise<void> {
   *   // Released at the end of the block.
   *   await using lock = await locks.acquire(`customer-${customer}`, { timeout: 5_000 });
   *   const headers = { 'fencing-token': `${lock.token}` };
   *   await fetch(`https://bank.example/${customer}`, { method: 'PUT', headers, signal: lock.signal });
   * }
   * ```
   */
  async acquire(name: string, options: WaitOptions = {}): Promise<Lock> {
    const resource = this.#named(name);
    const term = await this.parts.memberLocks.acquire(resource, this.#limits(options));
    return this.#lockOf(name, term);
  }

  /**
   * Takes the lock if it is free. It does not wait or stand in line, so it may overtake waiters.
   * @param options limits how long the store may take
   * @returns undefined if another holder has the lock
   * @throws HedgeError as {@link acquire}
   *
   * @example
   * ```ts
   * async function billUnlessBusy(locks: LockService, customer: string): Promise<boolean> {
   *   await using lock = await locks.tryAcquire(`customer-${customer}`);
   *   if (!lock) return false;
   *   await fetch(`https://bank.example/${customer}`, { method: 'PUT', signal: lock.signal });
   *   return true;
   * }
   * ```
   */
  async tryAcquire(name: string, options: WaitOptions = {}): Promise<Lock | undefined> {
    const resource = this.#named(name);
    const term = await this.parts.memberLocks.tryAcquire(resource, this.#limits(options));
    return term && this.#lockOf(name, term);
  }

  /**
   * Acquires the lock, runs `fn`, and releases the lock. Resolves and rejects as `fn` does. If the lock is lost,
   * `lock.signal` tells `fn` to stop; this method waits for the end of `fn` in any case.
   * @throws HedgeError `LOCK_LOST`: `fn` succeeded, but the lock was lost before its end. Also as {@link acquire}.
   *
   * @example
   * ```ts
   * async function balanceOf(locks: LockService, account: string): Promise<number> {
   *   return locks.using(`account-${account}`, async (lock) => {
   *     const response = await fetch(`https://bank.example/${account}`, { signal: lock.signal });
   *     return Number(await response.text());
   *   });
   * }
   * ```
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
   * As {@link using} if the lock is free. Otherwise gives the result of `onBusy`.
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
    return this.#run(this.#lockOf(name, outcome.term), fn);
  }

  /**
   * Whether this member holds the lock now, by its own clocks. Does no I/O, and is never true past the deadline.
   * @param name default: the group's own lock, whose holder is the leader
   * @throws HedgeError `INVALID_ARGUMENT`: no lock can have this name
   */
  hasLock(name?: string): boolean {
    return this.parts.heldTerms.of(this.#resource(name)) !== undefined;
  }

  /**
   * Whether this member holds the lock by the store's rows, too: makes one strong read. Use it right before something
   * that cannot be undone. A token that goes along with the write is safer still.
   * @param name default: the group's own lock, whose holder is the leader
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
      // The lock was lost meanwhile. Then the answer of the store does not matter.
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

  #lockOf(name: string, term: Term): Lock {
    this.parts.heldTerms.add(term);
    return new Lock(name, term, (held) => this.parts.memberLocks.release(held));
  }

  #run<R>(lock: Lock, fn: (lock: Lock) => Promise<R>): Promise<R> {
    return this.parts.runner.run(lock, () => this.#scope.run(lock, () => fn(lock)));
  }
}
