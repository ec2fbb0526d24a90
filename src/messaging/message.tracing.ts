import { HedgeError } from '../errors/index.js';
import type { MemberReports, MessageReport } from '../hedge.channels.js';
import { TRACED_ALREADY } from './messaging.messages.js';
import { headersOf, type MessageHeaders } from './wire/message.headers.js';

/** What a message is, at either end. */
export interface TracedMessage extends Pick<MessageReport, 'kind' | 'pattern'> {
  /** Where it is handled: the id of the member that sent it. */
  readonly sender?: string;
}

/** One message as its tracer sees it, at one end. */
export interface MessageSpan {
  /** What is to travel with it. */
  readonly headers?: object;
  /** Runs what sends or handles it, and all that comes of that. */
  run<R>(work: () => R): R;
  /** Called once. */
  end(error?: unknown): void;
}

/** Whoever follows messages from member to member, and may leave one out. */
export interface MessageTracer {
  sent(message: TracedMessage): MessageSpan | undefined;
  handled(message: TracedMessage, headers: MessageHeaders | undefined): MessageSpan | undefined;
}

/** A message at one end, as the rooms that send and handle it see it. */
export interface MessageTrace {
  /** What is to travel with it. */
  readonly headers?: MessageHeaders | undefined;
  run<R>(work: () => R): R;
  /** It is over: nothing that comes later counts. */
  end(error?: unknown): void;
  /** Both: it is over when the work is. @param causeOf what to tell of an error in its place */
  call<R>(work: () => Promise<R>, causeOf?: (error: unknown) => unknown): Promise<R>;
}

/** Follows the messages of a member, for a tracer and for those who measure: without both it costs two looks. */
export class MessageTracing {
  #tracer: MessageTracer | undefined;

  constructor(private readonly reports: MemberReports) {}

  /**
   * Has messages traced from now on.
   * @returns what ends that
   * @throws HedgeError `INVALID_OPTIONS` where they are traced already
   */
  use(tracer: MessageTracer): () => void {
    if (this.#tracer) throw new HedgeError('INVALID_OPTIONS', TRACED_ALREADY);
    this.#tracer = tracer;
    return () => (this.#tracer = undefined);
  }

  sent(message: TracedMessage): MessageTrace {
    if (!this.#isFollowed(SENT)) return UNTRACED;
    return new FollowedMessage(this.#tracer?.sent(message), SENT, message, this.reports);
  }

  /** @param headers as they came, from whomever */
  handled(message: TracedMessage, headers: unknown): MessageTrace {
    if (!this.#isFollowed(HANDLED)) return UNTRACED;
    const span = this.#tracer?.handled(message, headersOf(headers));
    return new FollowedMessage(span, HANDLED, message, this.reports);
  }

  #isFollowed(channel: MessageChannel): boolean {
    return this.#tracer !== undefined || this.reports.isHeard(channel);
  }
}

const SENT = 'nestjs-hedge:message.sent';
const HANDLED = 'nestjs-hedge:message.handled';
type MessageChannel = typeof SENT | typeof HANDLED;

const UNTRACED: MessageTrace = {
  run: (work) => work(),
  end: () => undefined,
  call: (work) => work(),
};

class FollowedMessage implements MessageTrace {
  readonly headers: MessageHeaders | undefined;
  readonly #began: number;
  #isOver = false;

  constructor(
    private readonly span: MessageSpan | undefined,
    private readonly channel: MessageChannel,
    private readonly message: TracedMessage,
    private readonly reports: MemberReports,
  ) {
    this.headers = headersOf(span?.headers);
    this.#began = reports.now();
  }

  run<R>(work: () => R): R {
    return this.span ? this.span.run(work) : work();
  }

  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.span?.end(error);
    const { kind, pattern } = this.message;
    const duration = this.reports.now() - this.#began;
    this.reports.tell(this.channel, { kind, pattern, duration, error });
  }

  async call<R>(
    work: () => Promise<R>,
    causeOf: (error: unknown) => unknown = (error) => error,
  ): Promise<R> {
    try {
      const result = await this.run(work);
      this.end();
      return result;
    } catch (error) {
      this.end(causeOf(error));
      throw error;
    }
  }
}
