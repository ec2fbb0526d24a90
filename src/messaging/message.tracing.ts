import { HedgeError } from '../errors/index.js';
import type { MemberReports, MessageReport } from '../hedge.channels.js';
import { TRACED_ALREADY } from './messaging.messages.js';
import { headersOf, type MessageHeaders } from './wire/message.headers.js';

/** A message, at either end. */
export interface TracedMessage extends Pick<MessageReport, 'kind' | 'pattern'> {
  /** The id of the member that sent it, at the end that handles it. */
  readonly sender?: string;
}

/** A message at one end, as its tracer sees it. */
export interface MessageSpan {
  /** Headers to send with it. */
  readonly headers?: object;
  /** Runs the code that sends or handles it, in a context of the tracer. */
  run<R>(work: () => R): R;
  /** Called once. */
  end(error?: unknown): void;
}

/** Follows messages from member to member. It may return `undefined` to leave a message out. */
export interface MessageTracer {
  sent(message: TracedMessage): MessageSpan | undefined;
  handled(message: TracedMessage, headers: MessageHeaders | undefined): MessageSpan | undefined;
}

/** A message at one end, as the code that sends or handles it sees it. */
export interface MessageTrace {
  /** Headers to send with it. */
  readonly headers?: MessageHeaders | undefined;
  run<R>(work: () => R): R;
  /** The message is over. Later calls change nothing. */
  end(error?: unknown): void;
  /** Runs the work, and ends the message with it. @param causeOf gives the error to report for the error of the work */
  call<R>(work: () => Promise<R>, causeOf?: (error: unknown) => unknown): Promise<R>;
}

/** Follows the messages of a member, for a tracer and for diagnostics channels. Without both it makes two checks. */
export class MessageTracing {
  #tracer: MessageTracer | undefined;

  constructor(private readonly reports: MemberReports) {}

  /**
   * Has messages traced from now on.
   * @returns a function that ends the tracing
   * @throws HedgeError `INVALID_OPTIONS` when messages are traced already
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

  /** @param headers as they arrived, not checked */
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
