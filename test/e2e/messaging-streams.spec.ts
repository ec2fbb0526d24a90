import { Logger } from '@nestjs/common';
import {
  EMPTY,
  from as rxFrom,
  interval,
  map,
  NEVER,
  Observable,
  of,
  take,
  throwError,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeError } from '../../src/errors/index.js';
import { PeerLostError, PeerUnreachableError, type Caller } from '../../src/messaging/index.js';
import {
  connectionsOf,
  connectRaw,
  helloTo,
  HOST,
  startMessaging,
  type MessagingMember,
} from '../support/messaging/messaging.members.js';
import { countedSource, openStream, readAll } from '../support/messaging/stream.readers.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const SOON = { timeout: 10_000, interval: 5 };
/** Units, which are items where they are small; and one that may overdraw. */
const WINDOW = 257;

describe('streams between members', () => {
  const toClose: { close(): unknown }[] = [];
  let a: MessagingMember;
  let b: MessagingMember;

  function closing<T extends { close(): unknown }>(part: T): T {
    toClose.push(part);
    return part;
  }

  beforeEach(async () => {
    a = closing(await startMessaging());
    b = closing(await startMessaging());
  });

  afterEach(async () => {
    await Promise.all(toClose.splice(0).map((part) => part.close()));
    vi.restoreAllMocks();
  });

  describe.each(['another member', 'itself'])('to %s', (target) => {
    const asker = () => (target === 'itself' ? b : a);
    const open = (...args: [string, unknown?, Parameters<typeof openStream>[4]?]) =>
      openStream(asker(), b.id, ...args);
    const read = async (route: string, data?: unknown) => readAll((await open(route, data)).values);

    it.each([
      ['an Observable', () => rxFrom([1, 2, 3]), [1, 2, 3]],
      ['an async iterable', () => countedSource(3), [0, 1, 2]],
      ['a promise of an Observable', async () => of('x', null, { a: 1 }), ['x', null, { a: 1 }]],
      ['an empty Observable', () => EMPTY, []],
      ['a value', () => [1, 2], [[1, 2]]],
      ['a promise', async () => 'ü🙂', ['ü🙂']],
      ['nothing', () => undefined, []],
      ['values that are undefined', () => of(1, undefined, 2), [1, 2]],
      ['five thousand values', () => countedSource(5_000), [...Array(5_000).keys()]],
      [
        'five thousand values at once',
        () => rxFrom([...Array(5_000).keys()]),
        [...Array(5_000).keys()],
      ],
    ])('carries %s', async (_, handler, expected) => {
      b.server.handle('r', handler);
      expect(await read('r')).toEqual(expected);
    });

    it('carries values to a subscriber', async () => {
      b.server.handle('r', () => countedSource(1_000));
      const { values, stream } = await open('r');
      const seen: unknown[] = [];
      values.subscribe((value) => seen.push(value));
      await stream.closed;
      expect(seen).toEqual([...Array(1_000).keys()]);
    });

    it('carries input, and what the handler makes of it', async () => {
      b.server.handle('double', (_, { stream }) => stream?.input?.pipe(map((n) => Number(n) * 2)));
      b.server.handle('sum', async (start, { stream }) => {
        let sum = Number(start);
        for await (const value of stream?.input ?? []) sum += Number(value);
        return sum;
      });
      const doubled = await open('double', 0, { input: countedSource(2_000) });
      expect(await readAll(doubled.values)).toEqual([...Array(2_000).keys()].map((n) => n * 2));
      for (const input of [rxFrom([1, 2, 3]), new Set([1, 2, 3]), countedSource(4)]) {
        expect(await readAll((await open('sum', 10, { input })).values)).toEqual([16]);
      }
    });

    it('gives the last value to a plain request', async () => {
      b.server.handle('r', () => countedSource(3));
      expect(await asker().peers.request(b.id, 'r', 0, { timeout: 10_000 })).toBe(2);
    });

    it('says why the handler failed, after the values before', async () => {
      b.server.handle('r', failAfterOne);
      const { values } = await open('r');
      const seen: unknown[] = [];
      const failed = (async () => {
        for await (const value of values) seen.push(value);
      })();
      await expect(failed).rejects.toMatchObject({ code: 'LOCK_LOST', message: 'gone' });
      expect(seen).toEqual([1]);
    });

    it.each([
      [
        'throws',
        () => {
          throw new HedgeError('NOT_LEADER', 'ask x:1');
        },
      ],
      ['rejects', () => Promise.reject(new HedgeError('NOT_LEADER', 'ask x:1'))],
    ])('is not begun where the handler %s, and reads no input', async (_, handler) => {
      const observed = vi.fn();
      const input = countedSource();
      b.server.handle('r', handler);
      await expect(open('r', 0, { input })).rejects.toMatchObject({ code: 'NOT_LEADER' });
      const watched = new Observable(() => observed());
      await expect(open('r', 0, { input: watched })).rejects.toMatchObject({ code: 'NOT_LEADER' });
      await expect(open('nope')).rejects.toMatchObject({ code: 'NO_HANDLER' });
      expect(input.pulled).toBe(0);
      expect(observed).not.toHaveBeenCalled();
    });

    it('reads no input before the handler does', async () => {
      const input = countedSource();
      b.server.handle('r', (_, { stream }) => {
        stream?.accept();
        return NEVER;
      });
      await open('r', 0, { input });
      await asker().peers.request(b.id, 'echo', 1, { timeout: 10_000 });
      expect(input.pulled).toBe(0);
    });

    it('times out where it is not accepted, and tells the handler', async () => {
      let caller: Caller | undefined;
      b.server.handle('r', (_, from) => {
        caller = from;
        return new Promise(() => undefined);
      });
      await expect(open('r', 0, { timeout: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.waitFor(() => expect(caller?.signal.aborted).toBe(true), SOON);
    });

    it('lets a handler produce no more than a window ahead of a slow loop', async () => {
      const source = countedSource(2_000);
      b.server.handle('r', () => source);
      const { values } = await open('r');
      let consumed = 0;
      let ahead = 0;
      for await (const value of values) {
        expect(value).toBe(consumed);
        consumed++;
        if (consumed % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        ahead = Math.max(ahead, source.pulled - consumed);
      }
      expect(consumed).toBe(2_000);
      expect(ahead).toBeLessThanOrEqual(WINDOW);
      expect(source.returned).not.toHaveBeenCalled();
    });

    it('pulls input only as fast as the handler takes it', async () => {
      const input = countedSource(2_000);
      let ahead = 0;
      b.server.handle('r', async (_, { stream }) => {
        let consumed = 0;
        for await (const value of stream?.input ?? []) {
          consumed += value === undefined ? 0 : 1;
          if (consumed % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
          ahead = Math.max(ahead, input.pulled - consumed);
        }
        return consumed;
      });
      const { values } = await open('r', 0, { input });
      expect(await readAll(values)).toEqual([2_000]);
      expect(ahead).toBeLessThanOrEqual(WINDOW);
    });

    it('tears the handler down once when its reader leaves', async () => {
      const source = countedSource();
      const unsubscribed = vi.fn();
      let caller: Caller | undefined;
      b.server.handle('iterable', (_, from) => {
        caller = from;
        return source;
      });
      b.server.handle(
        'observable',
        () =>
          new Observable((to) => {
            const timer = setInterval(() => to.next(1), 1);
            return () => {
              clearInterval(timer);
              unsubscribed();
            };
          }),
      );
      for await (const value of (await open('iterable')).values) if (value === 300) break;
      await vi.waitFor(() => expect(source.returned).toHaveBeenCalledOnce(), SOON);
      expect(caller?.signal.aborted).toBe(true);
      const { values, stream } = await open('observable');
      values.pipe(take(3)).subscribe();
      await stream.closed;
      const from = performance.now();
      await vi.waitFor(() => expect(unsubscribed).toHaveBeenCalledOnce(), SOON);
      expect(performance.now() - from).toBeLessThan(100);
      const { pulled } = source;
      await asker().peers.request(b.id, 'echo', 1, { timeout: 10_000 });
      expect(source.pulled).toBe(pulled);
      expect(source.returned).toHaveBeenCalledOnce();
    });

    it('gives an iterator back that is being asked', async () => {
      const returned = vi.fn(async () => ({ done: true as const, value: undefined }));
      const stuck = { next: () => new Promise<never>(() => undefined), return: returned };
      const iterable = { [Symbol.asyncIterator]: () => stuck };
      b.server.handle('r', () => iterable);
      b.server.handle('input', (_, { stream }) => stream?.input);
      const reading = (await open('r')).values.subscribe();
      reading.unsubscribe();
      await vi.waitFor(() => expect(returned).toHaveBeenCalledTimes(1), SOON);
      const echoing = (await open('input', 0, { input: iterable })).values.subscribe();
      await asker().peers.request(b.id, 'echo', 1, { timeout: 10_000 });
      echoing.unsubscribe();
      await vi.waitFor(() => expect(returned).toHaveBeenCalledTimes(2), SOON);
    });

    it('gives input back once when the handler is through with it', async () => {
      const input = countedSource();
      b.server.handle('r', async (_, { stream }) => {
        for await (const value of stream?.input ?? []) if (value === 10) break;
        return 'enough';
      });
      expect(await readAll((await open('r', 0, { input })).values)).toEqual(['enough']);
      await vi.waitFor(() => expect(input.returned).toHaveBeenCalledOnce(), SOON);
      expect(input.pulled).toBeLessThanOrEqual(WINDOW);
    });

    it('ends with ABORTED by its signal, at both sides', async () => {
      const controller = new AbortController();
      let input: Promise<unknown> | undefined;
      b.server.handle('r', (_, { stream }) => {
        input = readAll(stream?.input ?? []);
        input.catch(() => undefined);
        return NEVER;
      });
      const source = countedSource();
      const { values } = await open('r', 0, { input: source, signal: controller.signal });
      const reading = readAll(values);
      await vi.waitFor(() => expect(source.pulled).toBeGreaterThan(100), SOON);
      controller.abort(new Error('enough'));
      await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(input).rejects.toMatchObject({ code: 'ABORTED' });
      expect(source.returned).toHaveBeenCalledOnce();
    });

    it('ends at both sides when the source of its input fails', async () => {
      const broken = new Error('no more paper');
      let input: Promise<unknown> | undefined;
      b.server.handle('r', (_, { stream }) => {
        input = readAll(stream?.input ?? []);
        return input;
      });
      b.server.handle('observe', (_, { stream }) => stream?.input);
      const source = async function* () {
        yield 1;
        throw broken;
      };
      const { values } = await open('r', 0, { input: source() });
      await expect(readAll(values)).rejects.toBe(broken);
      await expect(input).rejects.toMatchObject({
        code: 'ABORTED',
        message: expect.stringContaining('no more paper'),
      });
      const failing = throwError(() => broken);
      const another = await open('observe', 0, { input: failing });
      await expect(readAll(another.values)).rejects.toBe(broken);
    });

    it('refuses a value that cannot travel', async () => {
      b.server.handle('echo input', (_, { stream }) => stream?.input);
      b.server.handle('bigint', () => of(1, 2n));
      const input = of({ ok: 1 }, { n: 1n });
      await expect(readAll((await open('echo input', 0, { input })).values)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('item.n is a BigInt'),
      });
      await expect(read('bigint')).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    });

    it('ends an Observable that outruns its reader, at both sides', async () => {
      const text = 'x'.repeat(10_000);
      const unsubscribed = vi.fn();
      const fast = () =>
        new Observable((to) => {
          for (let i = 0; i < 2_000 && !to.closed; i++) to.next(text);
          return unsubscribed;
        });
      b.server.handle('r', fast);
      await expect(read('r')).rejects.toMatchObject({
        code: 'STREAM_OVERFLOW',
        message: expect.stringContaining('async iterable'),
      });
      expect(unsubscribed).toHaveBeenCalledOnce();
      let input: Promise<unknown> | undefined;
      b.server.handle('input', (_, { stream }) => (input = readAll(stream?.input ?? [])));
      const { values } = await open('input', 0, { input: fast() });
      await expect(readAll(values)).rejects.toMatchObject({ code: 'STREAM_OVERFLOW' });
      await expect(input).rejects.toMatchObject({ code: 'STREAM_OVERFLOW' });
      expect(unsubscribed).toHaveBeenCalledTimes(2);
    });

    it('carries values of a megabyte both ways', async () => {
      const input = countedSource(20, (n) => `${n}`.repeat(1_000_000 / `${n}`.length));
      b.server.handle('r', (_, { stream }) => stream?.input);
      const { values } = await open('r', 0, { input });
      let count = 0;
      for await (const value of values) {
        expect(String(value).startsWith(`${count}`)).toBe(true);
        expect(String(value)).toHaveLength(1_000_000);
        expect(input.pulled - count).toBeLessThanOrEqual(4);
        count++;
      }
      expect(count).toBe(20);
    });

    it('gives its input to one reader', async () => {
      b.server.handle('r', (_, { stream }) => {
        stream?.input?.subscribe({ error: () => undefined });
        return stream?.input;
      });
      await expect(readAll((await open('r', 0, { input: NEVER })).values)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    });

    it('ends when it is failed by the handler, with what it says', async () => {
      const source = countedSource();
      let caller: Caller | undefined;
      b.server.handle('r', (_, from) => {
        caller = from;
        return source;
      });
      const { values } = await open('r');
      const reading = readAll(values);
      caller?.stream?.fail(new HedgeError('CONNECTION_LOST', 'the term is over'));
      await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(source.returned).toHaveBeenCalledOnce();
      await caller?.stream?.closed;
    });

    it('aborts the signal of a plain request that nobody waits for', async () => {
      const signals: Record<string, AbortSignal> = {};
      b.server.handle('r', async (name, caller) => {
        if (name === 'late') await new Promise((resolve) => setTimeout(resolve, 60));
        signals[String(name)] = caller.signal;
        return name === 'answered' ? 1 : new Promise(() => undefined);
      });
      const ask = (name: string, options: { timeout: number; signal?: AbortSignal }) =>
        asker()
          .peers.request(b.id, 'r', name, options)
          .catch((error: unknown) => error);
      const controller = new AbortController();
      const aborted = ask('aborted', { timeout: 20_000, signal: controller.signal });
      await vi.waitFor(() => expect(signals.aborted).toBeDefined(), SOON);
      expect(signals.aborted?.aborted).toBe(false);
      controller.abort();
      expect(await aborted).toMatchObject({ code: 'ABORTED' });
      expect(await ask('expired', { timeout: 20 })).toMatchObject({ code: 'TIMEOUT' });
      expect(await ask('late', { timeout: 20 })).toMatchObject({ code: 'TIMEOUT' });
      expect(await ask('answered', { timeout: 20_000 })).toBe(1);
      for (const name of ['aborted', 'expired', 'late']) {
        await vi.waitFor(() => expect(signals[name]?.aborted).toBe(true), SOON);
      }
      expect(signals.aborted?.reason).toMatchObject({ code: 'ABORTED' });
      expect(signals.answered?.aborted).toBe(false);
    });
  });

  it('carries a thousand at once, and other messages beside them', async () => {
    b.server.handle('r', (_, { stream }) => stream?.input);
    const text = 'x'.repeat(1_000);
    const reading = Array.from({ length: 1_000 }, async (_, n) => {
      const input = countedSource(100, (i) => `${n}.${i} ${text}`);
      const { values } = await openStream(a, b.id, 'r', 0, { input });
      return readAll(values);
    });
    let slowest = 0;
    const done = new AbortController();
    const asking = (async () => {
      while (!done.signal.aborted) {
        const from = performance.now();
        await a.peers.request(b.id, 'echo', 1, { timeout: 20_000 });
        slowest = Math.max(slowest, performance.now() - from);
      }
    })();
    const all = await Promise.all(reading);
    done.abort();
    await asking;
    all.forEach((values, n) => {
      expect(values).toHaveLength(100);
      expect(values[99]).toBe(`${n}.99 ${text}`);
    });
    expect(slowest).toBeLessThan(5_000);
  });

  it('lets other messages pass a stream that fills the connection', async () => {
    const chunk = 'x'.repeat(100_000);
    b.server.handle('r', () => countedSource(Infinity, () => chunk));
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(a, b.id, 'r')));
    let received = 0;
    const reading = streams.map(({ values }) => values.subscribe(() => received++));
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      const from = performance.now();
      await a.peers.request(b.id, 'echo', 1, { timeout: 20_000 });
      times.push(performance.now() - from);
    }
    reading.forEach((one) => one.unsubscribe());
    expect(received).toBeGreaterThan(100);
    expect(times.toSorted((x, y) => x - y)[50]).toBeLessThan(500);
  });

  it('ends at both sides when the connection closes', async () => {
    let caller: Caller | undefined;
    const output = countedSource();
    const input = countedSource();
    let read: Promise<unknown> | undefined;
    b.server.handle('r', (_, from) => {
      caller = from;
      read = readAll(from.stream?.input ?? []);
      read.catch(() => undefined);
      return output;
    });
    const { values } = await openStream(a, b.id, 'r', 0, { input });
    const iterator = values[Symbol.asyncIterator]();
    await iterator.next();
    await vi.waitFor(() => expect(input.pulled).toBeGreaterThan(10), SOON);
    a.peers.close();
    await expect(readAll(iterator)).rejects.toBeInstanceOf(PeerLostError);
    await expect(read).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(caller?.signal.aborted).toBe(true);
    expect(input.returned).toHaveBeenCalledOnce();
    expect(output.returned).toHaveBeenCalledOnce();
  });

  it('ends at both sides when a silent member is abandoned, and only that', async () => {
    const c = closing(await startMessaging());
    const proxy = closing(await startTcpProxy(c.id));
    c.identity.id = `${HOST}:${proxy.port}`;
    const callers: Caller[] = [];
    const output = countedSource();
    for (const { server } of [b, c]) {
      server.handle('r', (_, from) => {
        callers.push(from);
        return output;
      });
    }
    const { values } = await openStream(a, c.identity.id, 'r');
    const iterator = values[Symbol.asyncIterator]();
    await iterator.next();
    const pending = a.peers.request(c.identity.id, 'never', 1, { timeout: 20_000 });
    pending.catch(() => undefined);
    const other = await openStream(a, b.id, 'r');
    proxy.blackhole();
    a.peers.abandon(c.identity.id);
    await expect(readAll(iterator)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await other.values[Symbol.asyncIterator]().next();
    expect(callers.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    c.server.abandon(a.id);
    expect(callers.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(output.returned).toHaveBeenCalledOnce();
    proxy.resume();
    expect(await a.peers.request(c.identity.id, 'echo', 1, { timeout: 10_000 })).toBe(1);
    // It had its chance until its connection closed.
    await expect(pending).rejects.toBeInstanceOf(PeerLostError);
  });

  it('goes on when another process was at the address, and that one is abandoned', async () => {
    b.server.handle('r', () => NEVER);
    const { values } = await openStream(a, b.id, 'r');
    const ended = vi.fn();
    const reading = readAll(values).finally(ended);
    reading.catch(() => undefined);
    a.peers.abandon(b.id, 'of before');
    b.server.abandon(a.id, 'of before');
    expect(await a.peers.request(b.id, 'echo', 1, { timeout: 10_000 })).toBe(1);
    expect(ended).not.toHaveBeenCalled();
    b.server.abandon(a.id, a.identity.instanceId);
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const again = readAll((await openStream(a, b.id, 'r')).values);
    a.peers.abandon(b.id, b.identity.instanceId);
    await expect(again).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('tells a member that was abandoned and only paused', async () => {
    b.server.handle('r', () => NEVER);
    const { values } = await openStream(a, b.id, 'r');
    const reading = readAll(values);
    b.server.abandon(a.id);
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await a.peers.request(b.id, 'echo', 1, { timeout: 10_000 })).toBe(1);
  });

  it('runs in the asynchronous context of whoever reads', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const scope = new AsyncLocalStorage<string>();
    b.server.handle('r', () => countedSource(3));
    const { values, stream } = await openStream(a, b.id, 'r');
    const seen: unknown[] = [];
    scope.run('mine', () => values.subscribe(() => seen.push(scope.getStore())));
    await stream.closed;
    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });

  describe('of a member that closes', () => {
    it('are lost, as are requests it has read; what it has not read was never sent', async () => {
      const echo = vi.fn((data: unknown) => data);
      b.server.handle('counted', echo);
      b.server.handle('r', () => NEVER);
      const closed = vi.fn();
      a.peers.onClose(closed);
      const ask = (route: string) =>
        a.peers.request(b.id, route, 1, { timeout: 20_000 }).catch((error: unknown) => error);
      const read = ask('never');
      const { values } = await openStream(a, b.id, 'r');
      const reading = readAll(values).catch((error: unknown) => error);
      const unread = [ask('counted'), ask('counted')];
      const opening = openStream(a, b.id, 'r').catch((error: unknown) => error);
      await b.server.close();
      for (const error of [await read, await reading]) {
        expect(error).toBeInstanceOf(PeerLostError);
      }
      for (const error of [...(await Promise.all(unread)), await opening]) {
        expect(error).toBeInstanceOf(PeerUnreachableError);
      }
      expect(echo).not.toHaveBeenCalled();
      // It was not this side that closed: whoever watches the member is told.
      expect(closed).toHaveBeenCalledWith(b.id, 'user');
    });

    it('end however slowly the other side takes notice', async () => {
      const socket = await connectRaw(b);
      socket.pause();
      socket.write(helloTo(b));
      await vi.waitFor(() => expect(connectionsOf(b)).toBe(1), SOON);
      const from = performance.now();
      await b.server.close();
      expect(performance.now() - from).toBeLessThan(5_000);
      socket.destroy();
    });
  });

  it('leaves nothing behind', async () => {
    const log = vi.spyOn(Logger.prototype, 'warn');
    b.server.handle('r', () => interval(1).pipe(take(3)));
    for (let i = 0; i < 20; i++) await readAll((await openStream(a, b.id, 'r')).values);
    expect(log).not.toHaveBeenCalled();
  });
});

async function* failAfterOne() {
  yield 1;
  throw new HedgeError('LOCK_LOST', 'gone');
}
