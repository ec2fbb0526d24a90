import { HedgeError } from '../errors/index.js';
import { PUT_DROPPED, PUT_UNKNOWN } from './log.messages.js';
import type { TimeLimit } from '../time/index.js';

export interface NewEntry {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** An entry from its arrival at its writer until the caller that put it is answered. */
export class PendingEntry {
  readonly settled: Promise<bigint>;
  /** A commit with this entry was sent, and its outcome is not known. */
  mayHaveLanded = false;
  acknowledge!: (timestamp: bigint) => void;
  reject!: (error: Error) => void;

  constructor(
    readonly entry: NewEntry,
    private limit: TimeLimit,
    private readonly over?: AbortSignal,
  ) {
    this.settled = new Promise<bigint>((resolve, reject) => {
      this.acknowledge = resolve;
      this.reject = reject;
    });
  }

  /** A retry of the same entry: both wait until the later of their limits. */
  join(limit: TimeLimit): Promise<bigint> {
    if (limit.left > this.limit.left) this.limit = limit;
    return this.settled;
  }

  /** @returns whether it was dropped: no caller waits for it any more */
  dropIfUnwanted(): boolean {
    if (!this.limit.isOver && !this.over?.aborted) return false;
    this.drop();
    return true;
  }

  drop(): void {
    this.reject(
      this.mayHaveLanded
        ? new HedgeError('CONNECTION_LOST', PUT_UNKNOWN)
        : new HedgeError('TIMEOUT', PUT_DROPPED),
    );
  }
}
