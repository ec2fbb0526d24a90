import { HedgeStream, StreamReader } from '../../../src/messaging/index.js';
import type { PeerStream, StreamSource } from '../../../src/messaging/index.js';
import { vi } from 'vitest';
import type { MessagingMember } from './messaging.members.js';

interface AskOptions {
  timeout?: number;
  input?: StreamSource;
  signal?: AbortSignal;
}

/** A stream that the other side has accepted; leaving it cancels it there. */
export async function openStream(
  from: MessagingMember,
  to: string,
  route: string,
  data?: unknown,
  { timeout = 20_000, input, signal }: AskOptions = {},
): Promise<{ values: HedgeStream<unknown>; stream: PeerStream }> {
  const over = new AbortController();
  signal?.addEventListener('abort', () => over.abort(signal.reason));
  const reader = new StreamReader((isCancelled) => {
    if (isCancelled) over.abort();
  });
  const stream = await from.peers.stream(to, route, data, {
    timeout,
    signal: over.signal,
    reader,
    ...(input && { input }),
  });
  return { values: new HedgeStream(() => reader), stream };
}

/** Reads a stream to its end. */
export async function readAll(
  values: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** An async iterable that counts: what it gave, and how often it was given back. */
export function countedSource(length = Infinity, valueOf = (n: number): unknown => n) {
  const source = {
    pulled: 0,
    returned: vi.fn(),
    [Symbol.asyncIterator]() {
      return {
        next: async () =>
          source.pulled < length
            ? { done: false as const, value: valueOf(source.pulled++) }
            : { done: true as const, value: undefined },
        return: async () => {
          source.returned();
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  return source;
}
