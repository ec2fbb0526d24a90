import { randomUUID } from 'node:crypto';
import type { Fence, LossReason, Session } from '../session/index.js';
import { TERM_ENDED } from './lock.messages.js';
import type { Resource } from './resource.js';

/**
 * One holding of a lock or a permit, from the acquire to the release or loss. It has its id before the acquire is sent.
 */
export class Term implements Fence {
  readonly id = randomUUID();
  readonly row: string;
  readonly heartbeatRow: string | undefined;
  readonly #abort = new AbortController();
  #token: bigint | undefined;
  #lost: LossReason | undefined;

  constructor(
    readonly resource: Resource,
    readonly session: Session,
  ) {
    this.row = resource.fenceRow(this.id);
    this.heartbeatRow = resource.isGroupLock ? resource.row : undefined;
  }

  /** The fencing token. Throws before the term has begun. */
  get token(): bigint {
    if (this.#token === undefined) throw new Error('The term has not begun');
    return this.#token;
  }

  /** Aborts when the term ends. Its `reason` is a {@link TermEnded}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get lossReason(): LossReason | undefined {
    return this.#lost;
  }

  /** Compares clocks at the call. */
  isHeld(): boolean {
    return this.#lost === undefined && this.#token !== undefined && this.session.isStanding();
  }

  /** The acquire landed. */
  begin(token: bigint): void {
    this.#token = token;
  }

  lost(reason: LossReason): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#abort.abort(new TermEnded(this.resource.label, reason));
  }
}

/** The reason of a term's signal. */
export class TermEnded extends Error {
  override readonly name = 'AbortError';

  /** @param what ended, for the message: `the lock 'x'` */
  constructor(
    what: string,
    readonly reason: LossReason,
  ) {
    super(TERM_ENDED(what, reason));
  }
}
