import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FrameError, hedgeSocketClass, type SocketLimits } from './hedge.socket.js';

/** A socket without a network: it writes into `written`. */
function open(limits: Partial<SocketLimits> = {}) {
  const written: string[] = [];
  const duplex = new Duplex({
    decodeStrings: false,
    read: () => undefined,
    write: (chunk, _, done) => {
      written.push(String(chunk));
      done();
    },
  });
  const messages: unknown[] = [];
  const errors: unknown[] = [];
  const raw = duplex as unknown as Socket;
  const socket = new (hedgeSocketClass(limits))(raw);
  socket.on('message', (message: unknown) => messages.push(message));
  socket.on('error', (error: unknown) => errors.push(error));
  const receive = (bytes: Buffer | string) => raw.emit('data', Buffer.from(bytes));
  return { raw, socket, messages, errors, written, receive };
}

function frame(value: unknown): string {
  const json = JSON.stringify(value);
  return `${json.length}#${json}`;
}

const nextTick = () => new Promise((resolve) => setImmediate(resolve));

describe('HedgeSocket', () => {
  const values = [{ a: 1 }, { text: 'ü🙂\u2028#12#' }, { list: [[], {}, null] }, { x: '' }];

  it.each([1, 2, 3, 7, 1_000])('reads frames in pieces of %i bytes', (size) => {
    const { messages, errors, receive } = open();
    const bytes = Buffer.from(values.map(frame).join(''));
    for (let at = 0; at < bytes.length; at += size) receive(bytes.subarray(at, at + size));
    expect(messages).toEqual(values);
    expect(errors).toEqual([]);
  });

  it('reads a large frame in time that grows with its length only', () => {
    const { messages, receive } = open();
    const value = { text: 'x'.repeat(15_000_000) };
    const bytes = Buffer.from(frame(value));
    const from = performance.now();
    for (let at = 0; at < bytes.length; at += 1_400) receive(bytes.subarray(at, at + 1_400));
    // To join it again with every read would copy 80 GB.
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(messages).toEqual([value]);
  });

  it.each([
    ['letters', 'abc#{}'],
    ['a header without an end', '12345678901'],
    ['a sign', '+2#{}'],
    ['no length', '#{}'],
    ['more than allowed', '1001#{'],
    ['no JSON', '2#{{'],
    ['null', '4#null'],
    ['text', '4#"ab"'],
    ['an array', '2#[]'],
  ])('ends the connection at %s', async (_, text) => {
    const { raw, messages, errors, receive } = open({ maxFrameLength: 1_000 });
    receive(frame({ first: 1 }) + text + frame({ never: 1 }));
    await nextTick();
    expect(messages).toEqual([{ first: 1 }]);
    expect(errors).toEqual([expect.any(FrameError)]);
    expect(raw.destroyed).toBe(true);
    receive(frame({ never: 1 }));
    expect(messages).toHaveLength(1);
  });

  it('reads nothing more once its reader closed it', () => {
    const { raw, socket, messages, receive } = open();
    socket.on('message', () => raw.destroy());
    receive(frame({ n: 1 }) + frame({ n: 2 }));
    expect(messages).toEqual([{ n: 1 }]);
  });

  it('goes on reading while its own writes wait', () => {
    const { raw, socket, messages, receive } = open();
    raw.write = () => false;
    socket.sendMessage({ text: 'x'.repeat(1_000_000) });
    expect(raw.isPaused()).toBe(false);
    receive(frame({ n: 1 }));
    expect(messages).toEqual([{ n: 1 }]);
  });

  it('sends the frames of one tick in one write, large ones alone, all in order', async () => {
    const { socket, written } = open();
    const large = { text: 'x'.repeat(100_000) };
    for (const value of [1, 2, large, 3]) socket.sendMessage({ value });
    await nextTick();
    const all = [1, 2, large, 3].map((value) => frame({ value }));
    expect(written.join('')).toBe(all.join(''));
    expect(written).toHaveLength(3);
  });

  it('says whether a frame could leave', () => {
    const { raw, socket, written } = open();
    expect(socket.sendFrame('{}')).toBe(true);
    raw.destroy();
    expect(socket.isOpen).toBe(false);
    expect(socket.sendFrame('{}')).toBe(false);
    expect(written).toEqual([]);
  });

  it('gives every class limits of its own', () => {
    const small = open({ maxFrameLength: 10 });
    const stock = open();
    for (const { receive } of [small, stock]) receive(frame({ text: 'longer than ten' }));
    expect(small.messages).toEqual([]);
    expect(stock.messages).toHaveLength(1);
  });
});
