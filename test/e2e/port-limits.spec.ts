import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import {
  FRAME_TOO_DEEP,
  FRAME_TOO_LONG,
  FRAME_TOO_SLOW,
} from '../../src/messaging/wire/wire.messages.js';
import {
  NO_GREETING_IN_TIME,
  OVERLOADED_THERE,
  TOO_MANY_CONNECTIONS,
  TOO_MANY_STRANGERS,
} from '../../src/messaging/server/server.messages.js';
import { OTHER_SECRET } from '../../src/messaging/security/security.messages.js';
import {
  closeOf,
  connectionsOf,
  connectRaw,
  frame,
  helloTo,
  rejection,
  startMessaging,
  talkRaw,
  type MessagingMember,
} from '../support/messaging/messaging.members.js';

const TIMEOUT = { timeout: 20_000 };
const SECRET = 'a secret that is long enough';

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

function echo(from: MessagingMember, to: MessagingMember, data: unknown = 1): Promise<unknown> {
  return from.peers.request(to.id, 'echo', data, TIMEOUT);
}

describe('a port has its limits', () => {
  const members: MessagingMember[] = [];
  const sockets: Socket[] = [];
  let warn: MockInstance<Logger['warn']>;

  beforeEach(() => {
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(members.splice(0).map((member) => member.close()));
    vi.restoreAllMocks();
  });

  async function start(...args: Parameters<typeof startMessaging>): Promise<MessagingMember> {
    const member = await startMessaging(...args);
    members.push(member);
    return member;
  }

  async function dial(member: MessagingMember): Promise<Socket> {
    const socket = await connectRaw(member);
    sockets.push(socket);
    return socket;
  }

  function warnings(): string {
    return warn.mock.calls.join('\n');
  }

  describe('before the greeting', () => {
    it('for one short message', async () => {
      const b = await start();
      const long = helloTo(b, { instanceId: 'x'.repeat(8_192) });
      expect(await talkRaw(b, long)).toBe('');
      expect(warnings()).toContain(FRAME_TOO_LONG(Number.parseInt(long, 10), 8_192));
      // Afterwards it may be a long one, even in the same write.
      const socket = await dial(b);
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.write(helloTo(b) + frame({ id: 1, pattern: 'echo', data: 'y'.repeat(100_000) }));
      await vi.waitUntil(() => received.length > 100_000, { timeout: 10_000 });
    });

    it.each([
      ['a plain port', {}],
      ['a secured port', { secret: SECRET }],
    ])('for the time to greet, on %s, whatever was begun', async (_what, security) => {
      const b = await start({ ...security, server: { helloTimeout: 200 } });
      const begun = ['', '1', '500#{"id":0', Buffer.from('160301', 'hex')];
      // One that trickles never stalls, and has no more time than the others.
      const trickling = await dial(b);
      const trickle = setInterval(() => trickling.write('secret' in security ? '\u0016' : '0'), 20);
      const silent = await Promise.all(begun.map(() => dial(b)));
      for (const [i, socket] of silent.entries()) if (begun[i]) socket.write(begun[i]);
      await Promise.all([...silent, trickling].map(closeOf));
      clearInterval(trickle);
      expect(warnings()).toContain(NO_GREETING_IN_TIME(200));
      await vi.waitFor(() => expect(connectionsOf(b)).toBe(0));
      expect(await echo(await start(security), b)).toBe(1);
    });

    it.each([
      ['a plain port', {}],
      ['a secured port', { secret: SECRET }],
    ])('for so many at a time: on %s the oldest makes room', async (_what, security) => {
      const b = await start({ ...security, server: { maxStrangers: 3 } });
      const a = await start(security);
      expect(await echo(a, b)).toBe(1);
      const strangers: Socket[] = [];
      for (let i = 0; i < 5; i++) strangers.push(await dial(b));
      await Promise.all(strangers.slice(0, 2).map(closeOf));
      expect(warnings()).toContain(TOO_MANY_STRANGERS(3));
      expect(warn).toHaveBeenCalledOnce();
      expect(strangers.slice(2).some(({ closed }) => closed)).toBe(false);
      // Those who have greeted keep their place, and newcomers still find one.
      expect(await echo(a, b)).toBe(1);
      expect(await echo(await start(security), b)).toBe(1);
    });
  });

  it('for so many connections in all', async () => {
    const b = await start({ server: { maxConnections: 2 } });
    const a = await start();
    expect(await echo(a, b)).toBe(1);
    await dial(b);
    const refused = await dial(b);
    await closeOf(refused);
    expect(await rejection(echo(await start(), b))).toMatchObject({ sent: false });
    expect(warnings()).toContain(TOO_MANY_CONNECTIONS(2));
    expect(warn).toHaveBeenCalledOnce();
    expect(await echo(a, b)).toBe(1);
  });

  it('for requests that wait: more are refused at once, and not sent', async () => {
    const [a, b] = [await start({ peers: { maxPending: 3 } }), await start()];
    const handled = vi.fn(() => new Promise(() => undefined));
    b.server.handle('count', handled);
    for (const to of [a, b]) {
      for (let i = 0; i < 3; i++) void rejection(a.peers.request(to.id, 'never', i, TIMEOUT));
      await expect(a.peers.request(to.id, 'count', 1, TIMEOUT)).rejects.toMatchObject({
        code: 'OVERLOADED',
        status: 503,
        message: expect.stringContaining('Nothing was sent'),
      });
    }
    // The other channel has its own.
    expect(await a.peers.request(b.id, 'echo', 1, { ...TIMEOUT, channel: 'system' })).toBe(1);
    expect(handled).not.toHaveBeenCalled();
  });

  it('for requests it answers: more of one connection are refused, and not begun', async () => {
    const [a, b] = [await start(), await start({ server: { maxPending: 3 } })];
    const finish: (() => void)[] = [];
    b.server.handle('slow', () => new Promise<void>((resolve) => finish.push(resolve)));
    const slow = () => a.peers.request(b.id, 'slow', 1, TIMEOUT);
    const begun = [slow(), slow(), slow()];
    await expect(slow()).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: OVERLOADED_THERE(b.id, 3),
    });
    expect(finish).toHaveLength(3);
    // Others are served, and so is this one when it has fewer.
    expect(await echo(await start(), b)).toBe(1);
    for (const done of finish) done();
    await Promise.all(begun);
    expect(await echo(a, b)).toBe(1);
  });

  it('for nesting, in what is sent', async () => {
    const [a, b] = [await start(), await start()];
    const deep: unknown = JSON.parse(nested(600));
    b.server.handle('deep', () => deep);
    a.server.handle('deep', () => deep);
    for (const to of [a, b]) {
      await expect(echo(a, to, deep)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('512 levels'),
      });
      await expect(a.peers.request(to.id, 'deep', 1, TIMEOUT)).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        message: expect.stringContaining('512 levels'),
      });
      // Not one level less than promised: 511 around them, and the message itself.
      expect(await echo(a, to, JSON.parse(nested(511)))).toEqual(JSON.parse(nested(511)));
    }
  });

  it('for nesting, in what arrives', async () => {
    const b = await start();
    const json = `{"id":1,"pattern":"echo","data":${nested(512)}}`;
    expect(await talkRaw(b, helloTo(b), `${json.length}#${json}`)).not.toContain('"id":1');
    expect(warnings()).toContain(FRAME_TOO_DEEP(512));
    expect(await echo(await start(), b)).toBe(1);
  });

  it.each([
    ['in its header', '1'],
    ['in its text', '1000#{"id":1'],
  ])('for the time a message takes, even if it never stalls: %s', async (_what, text) => {
    const b = await start({ server: { limits: { frameTimeout: 150, stallTimeout: 10_000 } } });
    const socket = await dial(b);
    socket.write(helloTo(b));
    await once(socket, 'data');
    socket.write(text);
    const trickle = setInterval(() => socket.write('0'), text === '1' ? 80 : 10);
    await closeOf(socket);
    clearInterval(trickle);
    expect(warnings()).toContain(FRAME_TOO_SLOW(150));
  });

  it('and a flood of one kind of refusal hides no other', async () => {
    const b = await start({ secret: SECRET });
    await Promise.all(Array.from({ length: 50 }, () => talkRaw(b, 'GET / HTTP/1.1\r\n\r\n')));
    expect(warn).toHaveBeenCalledOnce();
    await rejection(echo(await start({ secret: 'another secret altogether' }), b));
    expect(warn).toHaveBeenCalledTimes(2);
    expect(warnings()).toContain(OTHER_SECRET);
  });

  describe('for versions of the protocol', () => {
    const old = { protocol: { version: 1, minVersion: 1 } };
    const next = { protocol: { version: 2, minVersion: 1 } };
    const later = { protocol: { version: 3, minVersion: 2 } };

    it('neighbours talk, either way', async () => {
      const [a, b] = [await start(old), await start(next)];
      expect([await echo(a, b), await echo(b, a)]).toEqual([1, 1]);
      expect(warn).not.toHaveBeenCalled();
    });

    it('others refuse each other, and say what to do', async () => {
      const [a, b, c] = [await start(old), await start(next), await start(later)];
      for (const [from, to] of [
        [a, c],
        [c, a],
      ]) {
        const failed = await rejection(echo(from, to));
        expect(failed).toMatchObject({ sent: false });
        expect((failed as Error).message).toContain('update in steps');
      }
      expect(warn).toHaveBeenCalledTimes(2);
      expect(await echo(b, c)).toBe(1);
      expect(await echo(b, a)).toBe(1);
    });
  });
});
