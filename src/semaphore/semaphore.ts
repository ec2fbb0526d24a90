import { EXPECTED, HedgeError } from '../errors/index.js';
import { checkLockName } from '../table/index.js';
import {
  checkRoutine,
  type MemberLocks,
  type Resource,
  type RoutineRunner,
  type Term,
} from '../lock/index.js';
import { waitLimits, type WaitLimits, type WaitOptions } from '../time/index.js';
import { semaphoreResource } from './semaphore.resource.js';
import { Permit } from './permit.js';

/** Each acquire reads all permits that are held. */
const MOST_PERMITS = 10_000;

export interface SemaphoreParts {
  readonly group: string;
  /** ms */
  readonly requestTimeout: number;
  readonly memberLocks: MemberLocks;
  readonly runner: RoutineRunner;
}

/**
 * A semaphore of the group: at most `limit` permits are held at a time, on all members together. A member may hold any
 * number of them. A permit ends with its member's session. A change of leader does not touch it.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Reports {
 *   readonly #slots: Semaphore;
 *
 *   constructor(hedge: HedgeService) {
 *     this.#slots = hedge.semaphore('reports', 3);
 *   }
 *
 *   // At most three reports are made at a time in the whole group.
 *   make(month: string): Promise<string> {
 *     return this.#slots.using(async (permit) => {
 *       const response = await fetch(`https://reports.example/${month}`, { signal: permit.signal });
 *       return response.text();
 *     });
 *   }
 * }
 * ```
 */
export class Semaphore {
  /** How many permits there are. */
  readonly limit: number;
  /** The same name on all members. */
  readonly name: string;
  readonly #resource: Resource;

  /** @internal made by {@link HedgeService.semaphore} */
  constructor(
    name: string,
    limit: number,
    private readonly parts: SemaphoreParts,
  ) {
    this.name = checkLockName(name, 'semaphore');
    this.limit = checkLimit(limit);
    this.#resource = semaphoreResource(parts.group, this.name, this.limit);
  }

  /**
   * Waits for a permit, first come, first served. The member holds it until your code releases it or the session ends.
   * @throws HedgeError `LIMIT_MISMATCH`: a member holds a permit of this name with another limit. `TIMEOUT` (the
   *   message names a holder if the store showed one), `ABORTED`, `NOT_RUNNING`, `INVALID_ARGUMENT`,
   *   `STORE_UNAVAILABLE`, `STORE_INVALID`
   *
   * @example
   * ```ts
   * async function importFile(hedge: HedgeService, file: string): Promise<void> {
   *   await using permit = await hedge.semaphore('imports', 3).acquire({ timeout: 60_000 });
   *   await fetch(`https://files.example/${file}`, { signal: permit.signal });
   * }
   * ```
   */
  async acquire(options: WaitOptions = {}): Promise<Permit> {
    return this.#permitOf(
      await this.parts.memberLocks.acquire(this.#resource, this.#limits(options)),
    );
  }

  /**
   * Takes a permit if one is free. It does not wait or stand in line, so it may overtake waiters.
   * @param options limits how long the store may take
   * @returns undefined if no permit is free
   * @throws HedgeError as {@link acquire}
   *
   * @example
   * ```ts
   * async function importIfIdle(hedge: HedgeService, file: string): Promise<boolean> {
   *   await using permit = await hedge.semaphore('imports', 3).tryAcquire();
   *   if (!permit) return false;
   *   await fetch(`https://files.example/${file}`, { signal: permit.signal });
   *   return true;
   * }
   * ```
   */
  async tryAcquire(options: WaitOptions = {}): Promise<Permit | undefined> {
    const term = await this.parts.memberLocks.tryAcquire(this.#resource, this.#limits(options));
    return term && this.#permitOf(term);
  }

  /**
   * Acquires a permit, runs `fn`, and releases the permit. Resolves and rejects as `fn` does. If the permit is lost,
   * `permit.signal` tells `fn` to stop; this method waits for the end of `fn` in any case.
   * @throws HedgeError `LOCK_LOST`: `fn` succeeded, but the permit was lost before its end. Also as {@link acquire}.
   *
   * @example
   * ```ts
   * async function sizeOf(hedge: HedgeService, file: string): Promise<number> {
   *   return hedge.semaphore('imports', 3).using(async (permit) => {
   *     const response = await fetch(`https://files.example/${file}`, { signal: permit.signal });
   *     return (await response.arrayBuffer()).byteLength;
   *   });
   * }
   * ```
   */
  async using<R>(fn: (permit: Permit) => Promise<R>, options: WaitOptions = {}): Promise<R> {
    checkRoutine(fn);
    return this.parts.runner.run(await this.acquire(options), fn);
  }

  #limits(options: WaitOptions): WaitLimits {
    return waitLimits(options, this.parts.requestTimeout);
  }

  #permitOf(term: Term): Permit {
    return new Permit(this.name, term, (held) => this.parts.memberLocks.release(held));
  }
}

function checkLimit(limit: unknown): number {
  if (Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= MOST_PERMITS) {
    return limit as number;
  }
  const expected = `an integer from 1 to ${MOST_PERMITS.toLocaleString('en')}`;
  throw new HedgeError('INVALID_ARGUMENT', EXPECTED('limit', expected, limit));
}
