import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { textOf } from '../errors/index.js';
import type { MemberHealth } from '../member/index.js';
import type {
  MessageHeaders,
  MessageSpan,
  MessageTracer,
  TracedMessage,
} from '../messaging/index.js';
import { errorAttributes, KIND, memberAttributes, PATTERN } from './attributes.js';
import { guarded } from './guarded.js';
import { SCOPE } from './scope.js';

/** Makes a span where a message is sent and a span where it is handled, in the same trace. */
export class OpenTelemetryTracer implements MessageTracer {
  /** The tracer of the provider that is set up when a span begins. */
  readonly #tracer = trace.getTracer(SCOPE);

  constructor(private readonly member: MemberHealth) {}

  sent(message: TracedMessage): MessageSpan | undefined {
    const span = this.#begin(message.kind, message, SpanKind.CLIENT, context.active());
    const headers = {};
    if (span) guarded(() => propagation.inject(span.scope, headers));
    return span && Object.assign(span, { headers });
  }

  handled(message: TracedMessage, headers: MessageHeaders | undefined): MessageSpan | undefined {
    // The active context here belongs to the socket, and to the code that used it first.
    const parent = guarded(() => propagation.extract(ROOT_CONTEXT, headers ?? {})) ?? ROOT_CONTEXT;
    return this.#begin(`handle ${message.kind}`, message, SpanKind.SERVER, parent);
  }

  #begin(
    what: string,
    message: TracedMessage,
    kind: SpanKind,
    parent: Context,
  ): OpenSpan | undefined {
    const { pattern, sender } = message;
    const attributes = {
      'rpc.system': SCOPE,
      ...memberAttributes(this.member),
      [KIND]: message.kind,
      ...(pattern !== undefined && { 'rpc.method': pattern, [PATTERN]: pattern }),
      ...(sender !== undefined && { 'hedge.sender.id': sender }),
    };
    const name = pattern === undefined ? what : `${what} ${pattern}`;
    return guarded(() => {
      const span = this.#tracer.startSpan(name, { kind, attributes }, parent);
      return new OpenSpan(span, trace.setSpan(parent, span));
    });
  }
}

class OpenSpan implements MessageSpan {
  constructor(
    private readonly span: Span,
    /** The active context while the message is sent or handled. */
    readonly scope: Context,
  ) {}

  run<R>(work: () => R): R {
    return context.with(this.scope, work);
  }

  end(error?: unknown): void {
    if (error !== undefined) guarded(() => this.#record(error));
    guarded(() => this.span.end());
  }

  #record(error: unknown): void {
    const message = textOf(error);
    this.span.recordException(error instanceof Error ? error : message);
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
    this.span.setAttributes(errorAttributes(error));
  }
}
