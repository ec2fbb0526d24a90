import { HedgeError } from '../errors/index.js';
import { PUT_DROPPED, PUT_UNKNOWN } from './log.messages.js';

export interface NewEntry {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** An entry between its arrival at the leader and the answer to whoever put it. */
export class PendingEntry {
  readonly settled: Promise<bigint>;
  /** A commit that holds it was sent, and what became of it is not known. */
  mayHaveLanded = false;
  acknowledge!: (timestamp: bigint) => void;
  reject!: (error: Error) => void;

  constructor(
    readonly entry: NewEntry,
    private until: number,
    private readonly over?: AbortSignal,
  ) {
    this.settled = new Promise<bigint>((resolve, reject) => {
      this.acknowledge = resolve;
      this.reject = reject;
    });
  }

  /** A retry of the same entry waits with the first, for as long as either does. */
  join(until: number): Promise<bigint> {
    this.until = Math.max(this.until, until);
    return this.settled;
  }

  /** Nobody waits for it any more. @returns whether it was dropped */
  dropIfUnwanted(now: number): boolean {
    if (now < this.until && !this.over?.aborted) return false;
    this.reject(
      this.mayHaveLanded
        ? new HedgeError('CONNECTION_LOST', PUT_UNKNOWN)
        : new HedgeError('TIMEOUT', PUT_DROPPED),
    );
    return true;
  }
}
