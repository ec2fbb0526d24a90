import { Logger } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { EMPTY, from, NEVER, of, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeError } from '../../src/errors/index.js';
import { DUPLICATE_ROUTE } from '../../src/messaging/server/server.messages.js';
import { startMessaging, type MessagingMember } from '../support/messaging/messaging.members.js';

const TIMEOUT = { timeout: 10_000 };

describe('messages between members', () => {
  let a: MessagingMember;
  let b: MessagingMember;
  const members: MessagingMember[] = [];

  async function start(...options: Parameters<typeof startMessaging>): Promise<MessagingMember> {
    const member = await startMessaging(...options);
    members.push(member);
    return member;
  }

  beforeEach(async () => {
    a = await start();
    b = await start();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(members.splice(0).map((member) => member.close()));
  });

  /** What a member answers must not depend on whether it asks itself. */
  describe.each(['another member', 'itself'])('to %s', (target) => {
    const asker = () => (target === 'itself' ? b : a);
    const ask = (route: string, data?: unknown) =>
      asker().peers.request(b.id, route, data, TIMEOUT);

    const text = { n: 1, list: [true, null, 'ü🙂', '\u2028', '\ud800'] };

    it.each([
      ['a value', () => text, text],
      ['null', () => null, null],
      ['undefined', () => undefined, undefined],
      ['zero', () => 0, 0],
      ['an empty string', () => '', ''],
      ['a promise', () => Promise.resolve([1]), [1]],
      ['an Observable', () => of({ x: 1 }), { x: 1 }],
      ['a promise of an Observable', () => Promise.resolve(of('x')), 'x'],
    ])('carries %s', async (_, reply, expected) => {
      b.server.handle('r', reply);
      expect(await ask('r')).toEqual(expected);
    });

    it.each([
      ['undefined', undefined],
      ['null', null],
      ['false', false],
      ['a string', '#12#'],
      ['an object', { a: { b: [1, '2', null] }, ['__proto__x']: 1 }],
    ])('takes %s as data', async (_, data) => {
      expect(await ask('echo', data)).toEqual(data);
    });

    it('takes the last value of an Observable, and undefined from an empty one', async () => {
      b.server.handle('many', () => from([1, 2, 3]));
      b.server.handle('none', () => EMPTY);
      expect(await ask('many')).toBe(3);
      expect(await ask('none')).toBeUndefined();
    });

    it('sees data and reply as JSON makes them, never the same object', async () => {
      const data = { at: new Date(0), gone: undefined, inner: { n: 1 } };
      let received: unknown;
      b.server.handle('keep', (value) => (received = value));
      const reply = await ask('keep', data);
      expect(received).toStrictEqual({ at: '1970-01-01T00:00:00.000Z', inner: { n: 1 } });
      expect(reply).toStrictEqual(received);
      expect(reply).not.toBe(received);
    });

    it('names the caller', async () => {
      b.server.handle('who', (_, caller) => caller);
      const { id, identity } = asker();
      expect(await ask('who')).toEqual({
        id,
        instanceId: identity.instanceId,
        isSelf: target === 'itself',
        route: 'who',
      });
    });

    it('rebuilds a HedgeError', async () => {
      const thrown = new HedgeError('NOT_LEADER', 'ask x:1', { error: { leader: 'x:1' } });
      b.server.handle('sync', () => {
        throw thrown;
      });
      b.server.handle('async', () => Promise.reject(thrown));
      b.server.handle('stream', () => throwError(() => thrown));
      for (const route of ['sync', 'async', 'stream']) {
        const error = await ask(route).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(HedgeError);
        expect(error).toMatchObject({
          code: 'NOT_LEADER',
          message: 'ask x:1',
          error: { leader: 'x:1' },
        });
        expect(error).not.toBe(thrown);
      }
    });

    it('gives an RPC payload as HANDLER_ERROR', async () => {
      const payload = { status: 'error', message: 'no stock', left: 0 };
      b.server.handle('payload', () => throwError(() => payload));
      b.server.handle('text', () => throwError(() => 'no'));
      b.server.handle('rpc', () => Promise.reject(new RpcException(payload)));
      b.server.handle('nothing', () => throwError(() => undefined));
      await expect(ask('payload')).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        message: 'no stock',
        error: payload,
      });
      await expect(ask('text')).rejects.toMatchObject({ code: 'HANDLER_ERROR', error: 'no' });
      await expect(ask('rpc')).rejects.toMatchObject({ code: 'HANDLER_ERROR', error: payload });
      await expect(ask('nothing')).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    });

    it('masks any other error and logs it where it was thrown', async () => {
      const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      b.server.handle('broken', () => {
        throw new TypeError('secret');
      });
      const error: unknown = await ask('broken').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'HANDLER_ERROR', message: 'Internal server error' });
      expect(JSON.stringify(error)).not.toContain('secret');
      expect(log).toHaveBeenCalledOnce();
      expect(log.mock.calls[0]?.join()).toContain('secret');
    });

    it('says NO_HANDLER for an unknown route', async () => {
      await expect(ask('nope')).rejects.toMatchObject({ code: 'NO_HANDLER' });
      await expect(ask('constructor')).rejects.toMatchObject({ code: 'NO_HANDLER' });
    });

    it.each([
      ['a BigInt', () => ({ items: [{ n: 1n }] }), 'reply.items[0].n is a BigInt'],
      ['itself', () => circular(), 'reply.me is circular'],
      ['a function', () => () => 1, 'reply is a function'],
    ])('reports a reply that holds %s', async (_, reply, reason) => {
      b.server.handle('bad', reply);
      await expect(ask('bad')).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        message: expect.stringContaining(reason),
      });
    });

    it('reports a payload of an error that cannot travel', async () => {
      b.server.handle('bad', () => throwError(() => ({ message: 'why', n: 1n })));
      await expect(ask('bad')).rejects.toMatchObject({ code: 'HANDLER_ERROR', message: 'why' });
    });

    it('refuses data that cannot travel, and says where', async () => {
      const handler = vi.fn();
      b.server.handle('x', handler);
      const cases: [unknown, string][] = [
        [{ a: [0, { n: 1n }] }, 'data.a[1].n is a BigInt'],
        [circular(), 'data.me is circular'],
        [() => 1, 'data is a function'],
        [Symbol('s'), 'data is a symbol'],
      ];
      for (const [data, reason] of cases) {
        await expect(ask('x', data)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining(reason),
        });
      }
      expect(handler).not.toHaveBeenCalled();
    });

    it('rejects TIMEOUT when no answer comes', async () => {
      b.server.handle('stream', () => NEVER);
      for (const route of ['never', 'stream']) {
        const request = asker().peers.request(b.id, route, 1, { timeout: 30 });
        await expect(request).rejects.toMatchObject({ code: 'TIMEOUT' });
      }
      expect(await ask('echo', 1)).toBe(1);
    });

    it('rejects ABORTED with the reason as cause', async () => {
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const request = asker().peers.request(b.id, 'never', 1, {
        timeout: 60_000,
        signal: controller.signal,
      });
      controller.abort(reason);
      await expect(request).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
      const another = asker().peers.request(b.id, 'echo', 1, {
        timeout: 60_000,
        signal: controller.signal,
      });
      await expect(another).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    });
  });

  it('refuses data and replies that are too large', async () => {
    const limits = { maxFrameLength: 1_000 };
    const c = await start({ server: { limits }, peers: { limits } });
    c.server.handle('large', () => 'x'.repeat(1_000));
    for (const asker of [a, c]) {
      // The handler has run: PAYLOAD_TOO_LARGE would say that nothing was sent.
      await expect(asker.peers.request(c.id, 'large', 1, TIMEOUT)).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
      });
    }
    await expect(c.peers.request(b.id, 'echo', 'x'.repeat(1_000), TIMEOUT)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    expect(await c.peers.request(b.id, 'echo', 'x'.repeat(800), TIMEOUT)).toHaveLength(800);
  });

  it('gives what nobody handles to the longest prefix', async () => {
    b.server.handleUnmatched('leader:', (_, { route }) => `short ${route}`);
    b.server.handleUnmatched('leader:orders.', (_, { route }) => `long ${route}`);
    b.server.handle('leader:orders.add', () => 'exact');
    const ask = (route: string) => a.peers.request(b.id, route, 0, TIMEOUT);
    expect(await ask('leader:x')).toBe('short leader:x');
    expect(await ask('leader:orders.list')).toBe('long leader:orders.list');
    expect(await ask('leader:orders.add')).toBe('exact');
    await expect(ask('broadcast:x')).rejects.toMatchObject({ code: 'NO_HANDLER' });
  });

  it('refuses two handlers for one route', () => {
    b.server.handle('x', () => 1);
    b.server.handleUnmatched('leader:', () => 1);
    expect(() => b.server.handle('x', () => 2)).toThrow(DUPLICATE_ROUTE('x'));
    expect(() => b.server.handleUnmatched('leader:', () => 2)).toThrow(HedgeError);
  });

  it('says what to do when the port is taken, and can try another', async () => {
    const c = await start();
    await c.server.close();
    await expect(c.server.listen({ port: b.port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('EADDRINUSE'),
    });
    await expect(c.server.listen({ port: 0, host: '203.0.113.1' })).rejects.toMatchObject({
      message: expect.stringContaining('listenHost'),
    });
    const { port } = await c.server.listen({ port: 0, host: '127.0.0.1' });
    expect(port).toBeGreaterThan(0);
  });
});

function circular(): object {
  const value: Record<string, unknown> = {};
  value.me = value;
  return value;
}
