import { setTimeout as delay } from 'node:timers/promises';
import { Lock, type HedgeService, type Holding, type LockService } from '../../../src/index.js';
import { codeOf } from '../processes/parent.commands.js';
import { machineTime } from '../time/machine.time.js';
import { closing, records } from './member.settings.js';

/** ms, from the least to the most */
type Span = readonly [number, number];

export interface ContestOptions {
  /** Of the lock, or of the semaphore. */
  readonly name: string;
  /** It is a semaphore, and has so many permits. */
  readonly limit?: number;
  /** How long each holding lasts. */
  readonly hold: Span;
  /** From one holding to the next question. */
  readonly pause: Span;
  /** ms to wait for one */
  readonly timeout: number;
  /** A key to put the token under, by the lock, again and again while it is held. */
  readonly putKey?: string;
}

/** Takes part in the contest for locks and permits: acquires, holds for a while, gives back, over and over. */
export class Contest {
  readonly #stopping = new AbortController();
  readonly #contenders: Promise<void>[] = [];
  #waiting = 0;

  constructor(
    private readonly hedge: HedgeService,
    private readonly locks: LockService,
  ) {
    closing.signal.addEventListener('abort', () => this.#stopping.abort());
  }

  /** How many have asked for something and neither got it nor given up. */
  get waiting(): number {
    return this.#waiting;
  }

  join(options: ContestOptions): void {
    this.#contenders.push(this.#contend(options));
  }

  /** Resolves when everything is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#contenders);
  }

  async #contend(options: ContestOptions): Promise<void> {
    const { name: what } = options;
    while (!this.#stopping.signal.aborted) {
      const askedAt = machineTime();
      this.#waiting++;
      try {
        const held = await this.#acquire(options).finally(() => this.#waiting--);
        records.note({ type: 'acquired', at: machineTime(), what, askedAt, token: held.token });
        await this.#hold(held, options);
      } catch (error) {
        const code = codeOf(error);
        records.note({ type: 'not-acquired', at: machineTime(), what, askedAt, code });
        if (code === 'NOT_RUNNING') return;
      }
      await delay(between(options.pause), undefined, { ref: false });
    }
  }

  #acquire({ name, limit, timeout }: ContestOptions): Promise<Holding> {
    const limits = { timeout, signal: this.#stopping.signal };
    if (limit === undefined) return this.locks.acquire(name, limits);
    return this.hedge.semaphore(name, limit).acquire(limits);
  }

  /** Looks all the while whether it holds it, and notes when it did. */
  async #hold(held: Holding, { name: what, hold, putKey }: ContestOptions): Promise<void> {
    const { token, signal } = held;
    const look = () => {
      const before = machineTime();
      const isHeld = held.isHeld();
      if (isHeld) records.seen(what, token, before, machineTime());
      return isHeld;
    };
    signal.addEventListener('abort', () => {
      look();
      records.note({ type: 'holding-aborted', at: machineTime(), what, token });
    });
    const end = performance.now() + between(hold);
    if (putKey !== undefined && held instanceof Lock) void this.#putOn(putKey, held);
    while (look() && performance.now() < end && !this.#stopping.signal.aborted) {
      await delay(2, undefined, { ref: false });
    }
    await held.release();
    records.note({ type: 'released', at: machineTime(), what, token });
  }

  /** Beyond the lock's end, too: what must not land then is for the library to refuse. */
  async #putOn(key: string, lock: Lock): Promise<void> {
    const value = `${lock.token}`;
    for (let isOver = false; !isOver;) {
      isOver = lock.signal.aborted;
      const begunAt = machineTime();
      const code = await this.hedge.put(key, value, { lock }).then(() => 'written', codeOf);
      const at = machineTime();
      records.note({ type: 'lock-put', at, key, token: lock.token, begunAt, code });
      await delay(5, undefined, { ref: false });
    }
  }
}

function between([least, most]: Span): number {
  return least + Math.random() * (most - least);
}
