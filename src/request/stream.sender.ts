import { abortWith } from '../abort.listeners.js';
import {
  assertInEnvelope,
  isStreamSource,
  StreamReader,
  type MessageTracing,
} from '../messaging/index.js';
import { routeOf, type Pattern } from '../handlers/index.js';
import { waitLimits } from '../time/index.js';
import { LEADER_ROUTE } from './leader-message.context.js';
import type { LeaderClient } from './leader.client.js';
import type { SendOptions } from './message.sender.js';

/** Streams values to and from the leader. */
export class StreamSender {
  constructor(
    private readonly client: LeaderClient,
    private readonly requestTimeout: number,
    private readonly tracing: MessageTracing,
  ) {}

  /** @throws HedgeError `INVALID_ARGUMENT`. Other errors go to the reader. */
  open<R>(pattern: Pattern, data: unknown, options: SendOptions = {}): StreamReader<R> {
    const { signal, timeout } = waitLimits(options, this.requestTimeout);
    const name = routeOf(pattern);
    const input = isStreamSource(data) ? data : undefined;
    if (!input) assertInEnvelope(data);
    const trace = this.tracing.sent({ kind: 'stream', pattern: name });
    const over = new AbortController();
    const ignore = abortWith(signal, over);
    const reader = new StreamReader<R>((_isCancelled, failure) => {
      ignore();
      over.abort();
      trace.end(failure?.error);
    });
    const { headers } = trace;
    const limits = { timeout, signal: over.signal, idempotent: options.idempotent, headers };
    const begin = () =>
      this.client.stream(LEADER_ROUTE + name, input ? undefined : data, { reader, input }, limits);
    trace.run(begin).catch((error: unknown) => reader.fail(error));
    return reader;
  }
}
