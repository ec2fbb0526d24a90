import type { RemoteMember } from '../wire/member.identity.js';
import type { HedgeStream } from '../streams/hedge.stream.js';
import type { Backpressure } from '../wire/stream.source.js';

/** The member a request came from. */
export interface Caller {
  /** Its `host:port`. */
  readonly id: string;
  readonly instanceId: string;
  /** Sent by this member to itself. */
  readonly isSelf: boolean;
  readonly route: string;
  /** Aborts when nobody waits for the reply any more: given up, or its connection closed. Made when first asked for. */
  readonly signal: AbortSignal;
  /** Present where it takes many values for a reply. */
  readonly stream?: CallerStream;
}

/** What a handler can do with a request for many values. */
export interface CallerStream extends Backpressure {
  /** What the caller sends, if it does; nothing of it before it is read. */
  readonly input: HedgeStream<unknown> | undefined;
  /** Resolves when it has ended, in whatever way. */
  readonly closed: Promise<void>;
  readonly isAccepted: boolean;
  /** The handler begins: from now on nobody says that nothing was done. Said for it when it has returned. */
  accept(): void;
  /** It may still be refused when the handler has returned: {@link accept} is called later, or with the first value. */
  hold(): void;
  /** Ends it at both sides: the caller and whoever reads the input get the error, what writes the output is unsubscribed. */
  fail(error: unknown): void;
}

/** A request that is being answered, as its handler knows it. */
export class WaitingCaller implements Caller {
  readonly id: string;
  readonly instanceId: string;
  stream?: CallerStream;
  #controller: AbortController | undefined;
  #gone: { reason: unknown } | undefined;

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
      if (this.#gone) this.#controller.abort(this.#gone.reason);
    }
    return this.#controller.signal;
  }

  /** Whether nobody waits for the reply any more. */
  get isAbandoned(): boolean {
    return this.#gone !== undefined;
  }

  abandon(reason: unknown): void {
    this.#gone ??= { reason };
    this.#controller?.abort(reason);
  }
}
