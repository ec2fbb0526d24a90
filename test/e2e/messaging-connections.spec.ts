import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerLostError, PeerUnreachableError } from '../../src/messaging/index.js';
import {
  closeOf,
  connectionsOf,
  connectRaw,
  frame,
  helloTo,
  HOST,
  rejection,
  startMessaging,
  startPlainServer,
  talkRaw,
  type MessagingMember,
} from '../support/messaging/messaging.members.js';

const TIMEOUT = { timeout: 20_000 };
const CHILD = new URL('../../build/test/support/messaging/messaging.process.js', import.meta.url);

function echo(
  from: MessagingMember,
  id: string,
  data: unknown = 1,
  options = TIMEOUT,
): Promise<unknown> {
  return from.peers.request(id, 'echo', data, options);
}

describe('connections between members', () => {
  const toClose: { close(): unknown }[] = [];
  const children: ChildProcess[] = [];
  let a: MessagingMember;
  let b: MessagingMember;
  let warn: ReturnType<typeof vi.spyOn>;
  let error: ReturnType<typeof vi.spyOn>;

  function closing<T extends { close(): unknown }>(part: T): T {
    toClose.push(part);
    return part;
  }

  beforeEach(async () => {
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    a = closing(await startMessaging());
    b = closing(await startMessaging());
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(toClose.splice(0).map((part) => part.close()));
    expect(error).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  async function startChild(port = 0): Promise<{ id: string; process: ChildProcess }> {
    const child = fork(CHILD, [String(port)]);
    children.push(child);
    const [{ id }] = await once(child, 'message');
    return { id, process: child };
  }

  describe('the greeting', () => {
    it.each([
      ['another group', { group: 'billing' }, 'another group'],
      ['different databases', { store: 'staging' }, 'different databases'],
      ['a group without end', { group: 'g\n'.repeat(1_000) }, String.raw`g\\n…\", and the member`],
      ['another member', { to: `${HOST}:9` }, 'reused'],
      ['a newer protocol', { version: 9, minVersion: 8 }, '8–9'],
      ['an older protocol', { version: 0, minVersion: 0 }, '0–0'],
      ['no text', { from: 1 }, 'malformed'],
    ])('for %s is refused with a reason, and the connection closed', async (_, parts, reason) => {
      const answer = await talkRaw(b, helloTo(b, parts));
      expect(answer).toContain(reason);
      expect(answer).toContain('"err"');
      expect(warn).toHaveBeenCalledOnce();
    });

    it('of a member that also speaks a newer protocol is accepted', async () => {
      const socket = await connectRaw(b);
      socket.write(helloTo(b, { version: 7, minVersion: 1 }));
      const [chunk] = await once(socket, 'data');
      expect(String(chunk)).toContain(`"version":1,"instanceId":"${b.identity.instanceId}"`);
      socket.destroy();
    });

    it('refused tells the dialer why; nothing was sent', async () => {
      const stranger = closing(await startMessaging({ group: 'billing' }));
      const refused = await rejection(echo(a, stranger.id));
      expect(refused).toBeInstanceOf(PeerUnreachableError);
      expect(refused).toMatchObject({
        code: 'CONNECTION_LOST',
        sent: false,
        message: expect.stringContaining('another group'),
      });
      const elsewhere = closing(await startMessaging({ store: 'staging' }));
      expect(await rejection(echo(a, elsewhere.id))).toMatchObject({
        sent: false,
        message: expect.stringContaining('different databases'),
      });
      b.identity.id = `${HOST}:9`;
      expect(await rejection(echo(a, `${HOST}:${b.port}`))).toMatchObject({
        sent: false,
        message: expect.stringContaining('reused'),
      });
    });

    it('must come first, and in time', async () => {
      expect(await talkRaw(b, frame({ id: 1, pattern: 'echo', data: 1 }))).toBe('');
      const c = closing(await startMessaging({ server: { helloTimeout: 20 } }));
      expect(await talkRaw(c)).toBe('');
      expect(await talkRaw(c, '100#{"id"')).toBe('');
    });

    it('is asked for once, not with every request', async () => {
      const handled = vi.fn((data: unknown) => data);
      b.server.handle('hedge:hello', handled);
      await Promise.all([echo(a, b.id), echo(a, b.id), echo(a, b.id)]);
      expect(handled).not.toHaveBeenCalled();
    });
  });

  describe('what is no message', () => {
    it.each([
      ['garbage', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['a length that is no number', '1x#{}'],
      ['a negative length', '-1#{}'],
      ['an empty length', '#{}'],
      ['a huge length', '99999999#{'],
      ['an absurd length', `${'9'.repeat(400)}#{`],
      ['no JSON', '3#{{{'],
      ['null', '4#null'],
      ['a number', '2#12'],
      ['an array', '2#[]'],
      ['an empty object', '2#{}'],
      ['no pattern', frame({ id: 1, data: 1 })],
      ['a pattern that is no text', frame({ id: 1, pattern: { a: 1 } })],
      ['an id that is no text or number', frame({ id: {}, pattern: 'echo' })],
      ['a prototype', '39#{"__proto__":{"id":1,"pattern":"echo"}}'],
    ])('closes the connection, and no other: %s', async (_, text) => {
      const socket = await connectRaw(b);
      socket.write(helloTo(b));
      await once(socket, 'data');
      const closed = closeOf(socket);
      socket.write(text);
      await closed;
      await talkRaw(b, text);
      expect(await echo(a, b.id, 'fine')).toBe('fine');
      expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
    });

    it('half a message closes the connection when no more comes', async () => {
      const c = closing(await startMessaging({ server: { limits: { stallTimeout: 30 } } }));
      const hello = helloTo(c);
      await talkRaw(c, `${hello}50#{"id":1`);
      expect(await echo(a, c.id, 'fine')).toBe('fine');
    });

    it('odd keys are data like any other', async () => {
      const socket = await connectRaw(b);
      const odd = '{"id":2,"pattern":"echo","data":{"__proto__":{"x":1},"constructor":1}}';
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.write(`${helloTo(b)}${odd.length}#${odd}`);
      await vi.waitUntil(() => received.includes('"id":2'), { timeout: 10_000 });
      expect(received).toContain('"__proto__":{"x":1}');
      socket.destroy();
      expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    });

    it('from a member makes the request fail, not hang', async () => {
      const odd = closing(
        await startPlainServer((socket) =>
          socket.on('data', () => socket.write('garbage garbage')),
        ),
      );
      const failed = await rejection(echo(a, odd.id));
      expect(failed).toBeInstanceOf(PeerUnreachableError);
    });
  });

  it.each([
    [16, 1_000_000],
    [256, 100_000],
    [1_024, 10_000],
    [4, 15_000_000],
  ])('%i echoes of %i bytes in flight all finish', async (count, size) => {
    const data = 'ü'.repeat(size / 2) + 'x'.repeat(size / 2);
    const replies = await Promise.all(Array.from({ length: count }, () => echo(a, b.id, data)));
    expect(replies.every((reply) => reply === data)).toBe(true);
  });

  it('a burst of large replies is no reason to close', async () => {
    const large = 'x'.repeat(1_000_000);
    b.server.handle('large', () => large);
    const ask = () => a.peers.request(b.id, 'large', 0, TIMEOUT);
    const replies = await Promise.all(Array.from({ length: 100 }, ask));
    expect(replies.every((reply) => reply === large)).toBe(true);
  });

  it('a peer that never reads is cut off, and only it', async () => {
    const limits = { maxSendBuffer: 5_000_000 };
    const c = closing(await startMessaging({ server: { limits } }));
    const socket = await connectRaw(c);
    socket.pause();
    socket.write(helloTo(c));
    const closed = closeOf(socket);
    const request = frame({ id: 1, pattern: 'echo', data: 'x'.repeat(1_000_000) });
    for (let i = 0; i < 30; i++) socket.write(request);
    await closed;
    expect(await echo(a, c.id)).toBe(1);
  });

  it('a peer that stops reading is cut off when nothing moves', async () => {
    const limits = { stallTimeout: 100 };
    const c = closing(await startMessaging({ server: { limits } }));
    const socket = await connectRaw(c);
    socket.pause();
    socket.write(helloTo(c));
    const request = frame({ id: 1, pattern: 'echo', data: 'x'.repeat(1_000_000) });
    for (let i = 0; i < 20; i++) socket.write(request);
    await vi.waitUntil(() => connectionsOf(c) === 0, { timeout: 10_000 });
    socket.destroy();
  });

  describe('a member that cannot be reached', () => {
    it('refusing is told apart at once, again and again', async () => {
      await b.server.close();
      for (let i = 0; i < 3; i++) {
        const failed = await rejection(echo(a, b.id));
        expect(failed).toBeInstanceOf(PeerUnreachableError);
        expect(failed).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
      }
    });

    it('with an id that is no address is refused', async () => {
      for (const id of ['', 'nowhere', 'host:', ':8080', 'host:0', 'host:99999', 'x\u0000y:1']) {
        expect(await rejection(echo(a, id))).toBeInstanceOf(PeerUnreachableError);
      }
    });

    it('silent, costs the connect timeout at most, and nobody else anything', async () => {
      const silent = closing(await startPlainServer());
      const c = closing(await startMessaging({ peers: { connectTimeout: 50 } }));
      const slow = rejection(echo(c, silent.id));
      expect(await echo(c, b.id)).toBe(1);
      expect(await slow).toBeInstanceOf(PeerUnreachableError);
    });

    it("silent, costs no more than the request's own timeout", async () => {
      const silent = closing(await startPlainServer());
      await expect(echo(a, silent.id, 1, { timeout: 30 })).rejects.toMatchObject({
        code: 'TIMEOUT',
      });
    });

    it('stopped, times out without delaying others, and answers once it goes on', async () => {
      const child = await startChild();
      expect(await echo(a, child.id)).toBe(1);
      child.process.kill('SIGSTOP');
      const stuck = Promise.all(
        Array.from({ length: 50 }, () =>
          rejection(echo(a, child.id, 'x'.repeat(1_000_000), { timeout: 2_000 })),
        ),
      );
      const others = Promise.all(Array.from({ length: 50 }, () => echo(a, b.id)));
      expect(await Promise.race([others.then(() => 'others'), stuck])).toBe('others');
      for (const failed of await stuck) expect(failed).toMatchObject({ code: 'TIMEOUT' });
      // Its kernel still accepts, so only the greeting tells: nothing was sent, it may be repeated.
      const c = closing(await startMessaging({ peers: { connectTimeout: 100 } }));
      expect(await rejection(echo(c, child.id))).toBeInstanceOf(PeerUnreachableError);
      child.process.kill('SIGCONT');
      await vi.waitFor(async () => expect(await echo(a, child.id)).toBe(1), { timeout: 10_000 });
    });

    it('silent after a request, is dialled anew by the next one', async () => {
      let connections = 0;
      const odd = closing(
        await startPlainServer((socket) => {
          connections++;
          // Greets, and answers nothing else.
          socket.once('data', () =>
            socket.write(frame({ id: 0, response: { version: 1 }, isDisposed: true })),
          );
        }),
      );
      for (let i = 0; i < 2; i++) {
        await expect(echo(a, odd.id, 1, { timeout: 30 })).rejects.toMatchObject({
          code: 'TIMEOUT',
        });
      }
      expect(connections).toBe(2);
      await vi.waitUntil(() => odd.sockets.size === 0);
    });
  });

  describe('a member that greets and then is silent', () => {
    const greeting = frame({ id: 0, response: { version: 1 }, isDisposed: true });

    it('gets a new connection, while what is pending keeps its chance on the old one', async () => {
      const sockets: Socket[] = [];
      const odd = closing(
        await startPlainServer((socket) => {
          sockets.push(socket);
          socket.once('data', () => socket.write(greeting));
        }),
      );
      const pending = echo(a, odd.id);
      await rejection(echo(a, odd.id, 1, { timeout: 30 }));
      await rejection(echo(a, odd.id, 1, { timeout: 30 }));
      expect(sockets).toHaveLength(2);
      const another = echo(a, odd.id);
      await vi.waitUntil(() => sockets.length === 3);
      sockets[0]?.write(frame({ id: 1, response: 'late', isDisposed: true }));
      expect(await pending).toBe('late');
      await vi.waitUntil(() => sockets[0]?.closed);
      const last = echo(a, odd.id);
      sockets[2]?.write(frame({ id: 1, response: 'x', isDisposed: true }));
      sockets[2]?.write(frame({ id: 2, response: 'y', isDisposed: true }));
      expect(await Promise.all([another, last])).toEqual(['x', 'y']);
      expect(sockets).toHaveLength(3);
    });

    it('is never sent what expired before it could leave', async () => {
      const large = 'x'.repeat(1_000_000);
      let received = 0;
      let tail = '';
      const odd = closing(
        await startPlainServer((socket) =>
          socket.once('data', () => {
            socket.write(greeting);
            socket.on('data', (chunk) => {
              received += chunk.length;
              tail = (tail + chunk.toString()).slice(-20);
              // The request that was made last.
              if (tail.endsWith('"id":62}')) {
                socket.write(frame({ id: 62, response: 1, isDisposed: true }));
              }
            });
            socket.pause();
          }),
        ),
      );
      const expired = Array.from({ length: 61 }, () =>
        rejection(echo(a, odd.id, large, { timeout: 200 })),
      );
      const last = echo(a, odd.id, large);
      for (const failed of await Promise.all(expired)) {
        expect(failed).toMatchObject({ code: 'TIMEOUT' });
      }
      for (const socket of odd.sockets) socket.resume();
      expect(await last).toBe(1);
      expect(received).toBeLessThan(30 * large.length);
    });
  });

  describe('a connection that ends', () => {
    it('leaves the outcome of what was sent unknown', async () => {
      const request = rejection(a.peers.request(b.id, 'never', 1, TIMEOUT));
      await echo(a, b.id);
      await b.server.close();
      const failed = await request;
      expect(failed).toBeInstanceOf(PeerLostError);
      expect(failed).toMatchObject({ code: 'CONNECTION_LOST', sent: true });
    });

    it('is told to listeners, per channel, until they leave', async () => {
      const listener = vi.fn();
      const leave = a.peers.onClose(listener);
      const ask = (channel: 'user' | 'system') =>
        a.peers.request(b.id, 'echo', 1, { ...TIMEOUT, channel });
      await Promise.all([ask('user'), ask('system')]);
      await b.server.close();
      await vi.waitUntil(() => listener.mock.calls.length === 2);
      expect(listener).toHaveBeenCalledWith(b.id, 'user');
      expect(listener).toHaveBeenCalledWith(b.id, 'system');
      await rejection(ask('user'));
      leave();
      a.peers.close();
      expect(listener).toHaveBeenCalledTimes(2);
    });

    it('is opened again by the next request, also to a restarted member', async () => {
      const child = await startChild();
      const lost = vi.fn();
      a.peers.onClose(lost);
      expect(await echo(a, child.id)).toBe(1);
      child.process.kill('SIGKILL');
      await vi.waitUntil(() => lost.mock.calls.length === 1);
      expect(await rejection(echo(a, child.id))).toBeInstanceOf(PeerUnreachableError);
      await startChild(Number(child.id.split(':')[1]));
      expect(await echo(a, child.id)).toBe(1);
    });

    it('because it was idle is told to nobody, and waits for what is pending', async () => {
      const c = closing(await startMessaging({ peers: { idleTimeout: { user: 30 } } }));
      const listener = vi.fn();
      c.peers.onClose(listener);
      const done = new EventEmitter();
      b.server.handle('slow', async () => (await once(done, 'done'))[0]);
      const slow = c.peers.request(b.id, 'slow', 1, TIMEOUT);
      const timedOut = rejection(c.peers.request(b.id, 'never', 1, { timeout: 150 }));
      await timedOut;
      expect(connectionsOf(b)).toBe(1);
      done.emit('done', 'well');
      expect(await slow).toBe('well');
      await vi.waitUntil(() => connectionsOf(b) === 0);
      expect(listener).not.toHaveBeenCalled();
      expect(await echo(c, b.id)).toBe(1);
    });
  });

  describe('closing', () => {
    it('settles whatever is pending, and refuses what comes later', async () => {
      const silent = closing(await startPlainServer());
      const sent = rejection(a.peers.request(b.id, 'never', 1, TIMEOUT));
      const own = rejection(a.peers.request(a.id, 'never', 1, TIMEOUT));
      const unsent = rejection(echo(a, silent.id));
      await echo(a, b.id);
      a.peers.close();
      expect(await sent).toBeInstanceOf(PeerLostError);
      expect(await own).toBeInstanceOf(PeerLostError);
      expect(await unsent).toBeInstanceOf(PeerUnreachableError);
      await expect(echo(a, b.id)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    });

    it('never hangs: not with open connections, not twice, not before listening', async () => {
      await echo(a, b.id);
      const raw = await connectRaw(b);
      const closed = closeOf(raw);
      await Promise.all([b.server.close(), b.server.close()]);
      await closed;
      await b.server.close();
    });

    it('lets a reply leave that was ready before', async () => {
      const large = 'x'.repeat(8_000_000);
      b.server.handle('last', () => {
        setImmediate(() => void b.server.close());
        return large;
      });
      expect(await a.peers.request(b.id, 'last', 1, TIMEOUT)).toBe(large);
    });

    it('does not wait for a peer that reads nothing', async () => {
      const socket = await connectRaw(b);
      socket.pause();
      socket.write(helloTo(b));
      b.server.handle('large', () => 'x'.repeat(10_000_000));
      const handled = new Promise<void>((resolve) => b.server.handle('mark', () => resolve()));
      socket.write(frame({ id: 1, pattern: 'large' }));
      socket.write(frame({ id: 2, pattern: 'mark' }));
      await handled;
      await b.server.close();
      socket.destroy();
    });
  });

  it('two members in one process do not disturb each other', async () => {
    const others = await Promise.all(
      Array.from({ length: 3 }, (_, i) => startMessaging({ group: `g${i}` })),
    );
    for (const other of others) closing(other);
    for (const other of others) expect(await echo(other, other.id, other.id)).toBe(other.id);
    expect(await echo(a, b.id)).toBe(1);
  });

  it('reaches IPv6 members', async () => {
    const c = await startMessaging();
    await c.server.close();
    const { port } = await c.server.listen({ port: 0, host: '::1' });
    c.identity.id = `[::1]:${port}`;
    closing(c);
    expect(await echo(a, c.identity.id)).toBe(1);
  });
});
