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

/** Whoever takes a permit reads all that are held. */
const MOST_PERMITS = 10_000;

export interface SemaphoreParts {
  readonly group: string;
  /** ms */
  readonly requestTimeout: number;
  readonly memberLocks: MemberLocks;
  readonly runner: RoutineRunner;
}

/**
 * So many permits for the whole group, and no more. Any number of them may be held by one member; each ends with the
 * member's session, and none is touched by a change of leader.
 */
export class Semaphore {
  /** How many permits there are. */
  readonly limit: number;
  /** What all who use it call it. */
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
   * Waits for a permit, first come, first served, and holds it until it is released or lost.
   * @throws HedgeError `LIMIT_MISMATCH`: somebody holds a permit of this name with another limit. `TIMEOUT` (the text
   *   says who holds one), `ABORTED`, `NOT_RUNNING`, `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`, `STORE_INVALID`
   */
  async acquire(options: WaitOptions = {}): Promise<Permit> {
    return this.#held(await this.parts.memberLocks.acquire(this.#resource, this.#limits(options)));
  }

  /**
   * Takes a permit if one is free. It does not wait, nor stand in line: it may overtake those that do.
   * @param options limits how long the store may take
   * @throws HedgeError as {@link acquire}
   */
  async tryAcquire(options: WaitOptions = {}): Promise<Permit | undefined> {
    const term = await this.parts.memberLocks.tryAcquire(this.#resource, this.#limits(options));
    return term && this.#held(term);
  }

  /**
   * Acquires a permit, runs `fn` with it, and releases it. Resolves and rejects as `fn` does. `permit.signal` tells
   * `fn` to stop when the permit is lost; one that does not listen is waited for all the same.
   * @throws HedgeError `LOCK_LOST` when `fn` succeeded and the permit had been lost before its end; and as
   *   {@link acquire}
   */
  async using<R>(fn: (permit: Permit) => Promise<R>, options: WaitOptions = {}): Promise<R> {
    checkRoutine(fn);
    return this.parts.runner.run(await this.acquire(options), fn);
  }

  #limits(options: WaitOptions): WaitLimits {
    return waitLimits(options, this.parts.requestTimeout);
  }

  #held(term: Term): Permit {
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
