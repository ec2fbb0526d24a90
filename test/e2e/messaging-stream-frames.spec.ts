import { Logger } from '@nestjs/common';
import { NEVER } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  closeOf,
  connectRaw,
  frame,
  helloTo,
  startMessaging,
  startPlainServer,
  type MessagingMember,
} from '../support/messaging/messaging.members.js';
import { countedSource, openStream } from '../support/messaging/stream.readers.js';

const SOON = { timeout: 10_000, interval: 5 };

describe('frames of streams that no member sends', () => {
  const toClose: { close(): unknown }[] = [];
  let a: MessagingMember;
  let b: MessagingMember;

  beforeEach(async () => {
    a = await startMessaging();
    b = await startMessaging();
    toClose.push(a, b);
    b.server.handle('r', () => NEVER);
    b.server.handle('input', (_, { stream }) => stream?.input);
    b.server.handle('unread', () => NEVER);
    b.server.handle('hold', (_, { stream }) => {
      // Asks for one, and is never through with it.
      void stream?.input?.[Symbol.asyncIterator]().next();
      return NEVER;
    });
  });

  afterEach(async () => {
    await Promise.all(toClose.splice(0).map((part) => part.close()));
    vi.restoreAllMocks();
  });

  const terms = { credit: 10 };

  it.each<[string, unknown[]]>([
    ['a cancel of nothing', [{ cancel: 99 }, { cancel: 'x' }]],
    ['a grant for nothing', [{ grant: 99, units: 5 }]],
    [
      'an item for nothing',
      [
        { id: 99, item: 1 },
        { id: 99, item: null },
      ],
    ],
    ['an end of nothing', [{ id: 99, end: true, err: 'x' }]],
    [
      'parts of a plain request',
      [
        { id: 7, pattern: 'never' },
        { id: 7, item: 1 },
        { grant: 7, units: 1 },
      ],
    ],
    [
      'an end that fails oddly',
      [
        { id: 5, pattern: 'input', stream: { credit: 1, input: true } },
        { id: 5, end: true, err: [] },
      ],
    ],
    [
      'items after the end',
      [
        { id: 5, pattern: 'input', stream: { credit: 1, input: true } },
        { id: 5, end: true },
        { id: 5, item: 1 },
      ],
    ],
    ['a second cancel', [{ id: 5, pattern: 'r', stream: terms }, { cancel: 5 }, { cancel: 5 }]],
  ])('ignores %s', async (_, packets) => {
    const socket = await greetRaw(b);
    for (const packet of packets) socket.write(frame(packet));
    socket.write(frame({ id: 100, pattern: 'echo', data: 'still here' }));
    await vi.waitFor(() => expect(socket.received).toContain('still here'), SOON);
    socket.destroy();
  });

  it.each<[string, unknown[]]>([
    ['a cancel of an object', [{ cancel: {} }]],
    ['a grant of a fraction', [{ grant: 1, units: 0.5 }]],
    ['a grant of less than nothing', [{ grant: 1, units: -1 }]],
    ['a grant of a text', [{ grant: 1, units: '5' }]],
    ['a grant without end', [{ grant: 1, units: 1e300 }]],
    [
      'grants without end',
      [
        { id: 5, pattern: 'r', stream: terms },
        { grant: 5, units: 2 ** 20 },
      ],
    ],
    ['an item for an object', [{ id: {}, item: 1 }]],
    ['an end that is none', [{ id: 1, end: 'x' }]],
    ['a stream without credit', [{ id: 5, pattern: 'r', stream: {} }]],
    ['a stream of negative credit', [{ id: 5, pattern: 'r', stream: { credit: -1 } }]],
    ['a stream that is none', [{ id: 5, pattern: 'r', stream: 1 }]],
    ['a stream of odd input', [{ id: 5, pattern: 'r', stream: { credit: 1, input: 1 } }]],
    [
      'two streams of one id',
      [
        { id: 5, pattern: 'r', stream: terms },
        { id: 5, pattern: 'r', stream: terms },
      ],
    ],
    [
      'an item that nobody asked for',
      [
        { id: 5, pattern: 'unread', stream: { credit: 1, input: true } },
        { id: 5, item: 1 },
      ],
    ],
    [
      'more items than it was granted',
      [
        { id: 5, pattern: 'hold', stream: { credit: 1, input: true } },
        ...times(400, { id: 5, item: 1 }),
      ],
    ],
    ['a goaway', [{ goaway: 1 }]],
  ])('closes the connection for %s, and no other', async (_, packets) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const socket = await greetRaw(b);
    for (const packet of packets) socket.write(frame(packet));
    await closeOf(socket);
    expect(warn).toHaveBeenCalledOnce();
    expect(await a.peers.request(b.id, 'echo', 1, { timeout: 10_000 })).toBe(1);
  });

  it.each<[string, unknown[]]>([
    ['values without credit', times(400, { id: 1, response: 1 })],
    ['a grant without sense', [{ grant: 1, units: -4 }]],
    ['grants without end', times(3, { grant: 1, units: 2 ** 20 })],
    ['no reply', [{ what: 1 }]],
    ['a cancel of an object', [{ cancel: {} }]],
  ])('closes its own connection for %s from the other side', async (_, packets) => {
    const odd = await startPlainServer((socket) => {
      const greeting = { id: 0, response: { version: 1 }, isDisposed: true };
      socket.once('data', () => {
        socket.write(frame(greeting));
        socket.once('data', () => {
          socket.write(frame({ id: 1, accepted: true }));
          for (const packet of packets) socket.write(frame(packet));
        });
      });
    });
    const input = countedSource();
    toClose.push(odd);
    const { values } = await openStream(a, odd.id, 'r', 0, { input });
    const iterator = values[Symbol.asyncIterator]();
    await expect(readSlowly(iterator)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});

async function greetRaw(member: MessagingMember) {
  const socket = Object.assign(await connectRaw(member), { received: '' });
  socket.on('data', (chunk) => (socket.received += chunk.toString()));
  socket.write(helloTo(member));
  await vi.waitFor(() => expect(socket.received).toContain('instanceId'), SOON);
  return socket;
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** Takes a value, and leaves the others to pile up. */
async function readSlowly(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (;;) if ((await iterator.next()).done) return;
}
