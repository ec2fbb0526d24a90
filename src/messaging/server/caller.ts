import type { HedgeStream } from '../streams/hedge.stream.js';
import type { RemoteMember } from '../wire/member.identity.js';
import type { Backpressure } from '../wire/stream.source.js';

/** The member that sent a request, as the handler sees it. */
export interface Caller {
  /** Its `host:port`. */
  readonly id: string;
  readonly instanceId: string;
  /** Whether this member sent the request to itself. */
  readonly isSelf: boolean;
  readonly route: string;
  /** Aborts when the caller waits no longer: it gave up, or its connection closed. Made when first asked for. */
  readonly signal: AbortSignal;
  /** Present when the caller takes many values for a reply. */
  readonly stream?: CallerStream;
}

/** A stream on the side of its handler. */
export interface CallerStream extends Backpressure {
  /** The values that the caller streams, if it does. It sends none before the handler reads. */
  readonly input: HedgeStream<unknown> | undefined;
  /** Resolves when the stream has ended, for any reason. */
  readonly closed: Promise<void>;
  readonly isAccepted: boolean;
  /**
   * Says that the handler begins: from now on no error may claim that nothing was done. Without {@link hold}, the stream
   * is accepted when the handler returns.
   */
  accept(): void;
  /** Leaves it open whether the stream is accepted: {@link accept} is called later, or the first value accepts it. */
  hold(): void;
  /** Ends the stream on both sides. The caller and the reader of the input get the error; the output is unsubscribed. */
  fail(error: unknown): void;
}

/** The caller of a request that is being answered. */
export class WaitingCaller implements Caller {
  readonly id: string;
  readonly instanceId: string;
  stream?: CallerStream;
  #controller: AbortController | undefined;
  #goneFor: { reason: unknown } | undefined;

  constructor(
    from: RemoteMember,
    readonly isSelf: boolean,
    readonly route: string,
  ) {
    this.id = from.id;
    this.instanceId = from.instanceId;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#goneFor) this.#controller.abort(this.#goneFor.reason);
    }
    return this.#controller.signal;
  }

  /** Whether the caller waits no longer. */
  get isGone(): boolean {
    return this.#goneFor !== undefined;
  }

  /** The caller waits no longer. */
  leave(reason: unknown): void {
    this.#goneFor ??= { reason };
    this.#controller?.abort(reason);
  }
}
