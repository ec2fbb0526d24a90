import {
  Catch,
  Controller,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import { EMPTY, map, NEVER, Observable, of, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeContext, HedgeService, OnLeaderMessage } from '../../src/index.js';
import { FaultyStore, type StoreMethod } from '../support/stores/faulty.store.js';
import { LEASE, onEveryStore, SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { behindProxy } from '../support/network/proxied.member.js';
import { logs } from '../support/apps/recorded.logs.js';
import type { TcpProxy } from '../support/network/tcp.proxy.js';

/** What handlers did, in order. */
const trace: unknown[] = [];
/** Lets the handler that hangs end. */
let release: (value: unknown) => void = () => undefined;
let signals: AbortSignal[] = [];

beforeEach(() => {
  trace.splice(0);
  signals = [];
});

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('echo')
  echo(data: unknown) {
    return { data, by: this.hedge.id, leads: this.hedge.isLeader() };
  }

  @OnLeaderMessage('context')
  context(@Payload('name') name: string, @Ctx() context: HedgeContext) {
    return {
      name,
      sender: context.getSender(),
      token: context.getToken().toString(),
      pattern: context.getPattern(),
      aborted: context.getSignal().aborted,
    };
  }

  @OnLeaderMessage({ cmd: 'sum', version: 2 })
  sum(numbers: number[]) {
    return numbers.reduce((total, number) => total + number, 0);
  }

  @OnLeaderMessage('throw')
  throw() {
    throw new Error('a secret of the leader');
  }

  @OnLeaderMessage('rpc')
  rpc() {
    throw new RpcException({ reason: 'out of stock', left: 0 });
  }

  @OnLeaderMessage('reject')
  reject(reason: unknown) {
    return Promise.reject(reason);
  }

  @OnLeaderMessage('return')
  return(kind: string): unknown {
    switch (kind) {
      case 'null':
        return null;
      case 'promise':
        return Promise.resolve('promised');
      case 'observable':
        return of('first', 'last');
      case 'empty observable':
        return EMPTY;
      case 'failing observable':
        return throwError(() => new RpcException('observed'));
      case 'endless observable':
        return NEVER;
      case 'bigint':
        return { much: 1n };
      default:
        return undefined;
    }
  }

  @OnLeaderMessage('hang')
  hang(@Payload() note: unknown, @Ctx() context: HedgeContext) {
    trace.push(note);
    signals.push(context.getSignal());
    return new Promise((resolve) => (release = resolve));
  }

  @OnLeaderMessage('ask late')
  async askLate(@Payload() note: unknown, @Ctx() context: HedgeContext) {
    trace.push(note);
    await new Promise((resolve) => (release = resolve));
    signals.push(context.getSignal());
  }

  @OnLeaderMessage('observe')
  async observe() {
    return new Observable(() => {
      trace.push('subscribed');
      return () => trace.push('unsubscribed');
    });
  }

  @OnLeaderMessage('count')
  count(note: unknown) {
    trace.push(note);
    return trace.length;
  }

  @OnLeaderMessage('put-twice')
  async putTwice(@Payload() _data: unknown, @Ctx() context: HedgeContext) {
    await this.hedge.put('early', 'value');
    trace.push('put');
    signals.push(context.getSignal());
    await new Promise((resolve) => (release = resolve));
    return this.hedge.put('late', 'value');
  }
}

@Controller()
class ControllerHandlers {
  @OnLeaderMessage('controller')
  handle(data: unknown) {
    return { controller: data };
  }
}

class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Double implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    return type === 'body' && typeof value === 'number' ? value * 2 : value;
  }
}

class Wrap implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const type = context.getType();
    return next.handle().pipe(map((value: unknown) => ({ [type]: value })));
  }
}

class Oops extends Error {}

/** Lets a message pass only after the test has had its say. */
class Hesitate implements CanActivate {
  async canActivate(): Promise<boolean> {
    trace.push('guard');
    await new Promise((resolve) => (release = resolve));
    return true;
  }
}

@Injectable()
class Hesitant {
  constructor(private readonly hedge: HedgeService) {}

  @UseGuards(Hesitate)
  @OnLeaderMessage('hesitant')
  answer() {
    trace.push('handler');
    return this.hedge.id;
  }
}

@Catch(Oops)
class OopsFilter implements ExceptionFilter {
  catch(exception: Oops): Observable<never> {
    return throwError(() => ({ filtered: exception.message }));
  }
}

/** On a provider and a controller: where each Nest pipeline is easily lost. */
function decorate(prefix: string) {
  class Pipeline {
    @UseGuards(Deny)
    @OnLeaderMessage(`${prefix}.guard`)
    guarded() {
      trace.push('guarded');
    }

    @UsePipes(Double)
    @OnLeaderMessage(`${prefix}.pipe`)
    piped(@Payload() data: unknown) {
      return data;
    }

    @UseInterceptors(Wrap)
    @OnLeaderMessage(`${prefix}.interceptor`)
    intercepted(data: unknown) {
      return data;
    }

    @UseFilters(OopsFilter)
    @OnLeaderMessage(`${prefix}.filter`)
    filtered() {
      throw new Oops('caught');
    }
  }
  return Pipeline;
}

@Injectable()
class ProviderPipeline extends decorate('provider') {}

@Controller()
class ControllerPipeline extends decorate('controller') {}

@Injectable()
class CatchAll {
  @OnLeaderMessage()
  rest(@Payload() data: unknown, @Ctx() context: HedgeContext) {
    return { pattern: context.getPattern(), data };
  }
}

function startWith(group: ReturnType<typeof useGroup>) {
  return (count: number) => group().startMany(count, {}, [Handlers], [ControllerHandlers]);
}

describe('send', () => {
  onEveryStore((group) => {
    const start = startWith(group);

    it('is answered by the leader, whoever asks', async () => {
      const apps = await start(3);

      for (const { hedge } of apps) {
        const reply = await hedge.send('echo', { from: hedge.id });
        expect(reply).toEqual({ data: { from: hedge.id }, by: apps[0].hedge.id, leads: true });
      }
    });

    it('carries hundreds of messages at once, each to its answer', async () => {
      const apps = await start(3);

      const replies = await Promise.all(
        apps.flatMap(({ hedge }, member) =>
          Array.from({ length: 300 }, async (_, i) => {
            const reply = await hedge.send<{ data: unknown }>('echo', [member, i]);
            return { reply: reply.data, asked: [member, i] };
          }),
        ),
      );

      for (const { reply, asked } of replies) expect(reply).toEqual(asked);
    });

    it('reaches the next leader while leadership moves', async () => {
      const apps = await start(3);
      const over = new AbortController();
      const asking = apps.map(async ({ hedge }) => {
        let asked = 0;
        for (; !over.signal.aborted; asked++) {
          expect(await hedge.send('echo', asked, SOON)).toMatchObject({ data: asked, leads: true });
        }
        return asked;
      });
      for (let move = 0; move < 3; move++) {
        const { leader } = await group().settled();
        await leader.hedge.stepDown();
        // At once, when this member itself does not know yet who follows it.
        expect(await leader.hedge.send('echo', move)).toMatchObject({ data: move });
      }
      over.abort();

      for (const asked of await Promise.all(asking)) expect(asked).toBeGreaterThan(0);
    });
  });

  describe('in all its variants', () => {
    const group = useGroup();
    const start = startWith(group);

    it('leaves its own member time to renew, however fast it asks itself', async () => {
      const [leader] = await start(1);
      const { signal } = leader.hedge.leadership!;
      const end = performance.now() + 2 * LEASE;

      while (performance.now() < end) await leader.hedge.send('echo', 1);

      expect(signal.aborted).toBe(false);
    });

    it('costs no call of the store, at either side', async () => {
      const calls: StoreMethod[] = [];
      const startWatched = async (candidate: boolean) => {
        const store = new FaultyStore(group().store);
        store.fault = (method) => {
          calls.push(method);
          return undefined;
        };
        const app = await group().start({ store, candidate }, [Handlers], [ControllerHandlers]);
        await app.hedge.ready(SOON);
        return app;
      };
      await startWatched(true);
      const { hedge } = await startWatched(false);
      calls.length = 0;
      const from = performance.now();
      for (let i = 0; i < 200; i++) await hedge.send('echo', i);
      const leases = (performance.now() - from) / LEASE;

      // The leader goes on renewing, and may sweep.
      expect(calls.length).toBeLessThan(10 + 10 * leases);
    });

    it('reaches handlers on controllers', async () => {
      const [, follower] = await start(2);

      expect(await follower.hedge.send('controller', 1)).toEqual({ controller: 1 });
    });

    it('tells the handler who asks, in which term and by which pattern', async () => {
      const [leader, follower] = await start(2);
      const token = leader.hedge.leadership!.token.toString();

      for (const { hedge } of [leader, follower]) {
        expect(await hedge.send('context', { name: 'x' })).toEqual({
          name: 'x',
          sender: hedge.id,
          token,
          pattern: 'context',
          aborted: false,
        });
      }
    });

    it('finds handlers by object patterns, whatever the order of their keys', async () => {
      const [, follower] = await start(2);

      expect(await follower.hedge.send({ version: 2, cmd: 'sum' }, [1, 2, 3])).toBe(6);
    });

    it('gives to a catch-all handler what no other takes', async () => {
      const [, follower] = await group().startMany(2, {}, [Handlers, CatchAll]);

      expect(await follower.hedge.send('unheard-of', 1)).toEqual({
        pattern: 'unheard-of',
        data: 1,
      });
      expect(await follower.hedge.send('count', 1)).toBe(1);
    });

    it.each(['provider', 'controller'])(
      'runs guards, pipes, interceptors and filters on a %s',
      async (on) => {
        const apps = await group().startMany(2, {}, [ProviderPipeline], [ControllerPipeline]);

        for (const { hedge } of apps) {
          await expect(hedge.send(`${on}.guard`, 1)).rejects.toMatchObject({
            code: 'HANDLER_ERROR',
            error: { message: 'Forbidden resource' },
          });
          expect(trace).toEqual([]);
          expect(await hedge.send(`${on}.pipe`, 21)).toBe(42);
          expect(await hedge.send(`${on}.interceptor`, 'x')).toEqual({ rpc: 'x' });
          await expect(hedge.send(`${on}.filter`, 1)).rejects.toMatchObject({
            code: 'HANDLER_ERROR',
            error: { filtered: 'caught' },
          });
        }
      },
    );

    it('leaves the global guards of the app aside unless inheritAppConfig says otherwise', async () => {
      const guarded = [Handlers, { provide: APP_GUARD, useClass: Deny }];
      const [free] = await group().startMany(1, { lockName: 'free' }, guarded);
      const [strict] = await group().startMany(
        1,
        { lockName: 'strict', inheritAppConfig: true },
        guarded,
      );

      expect(await free.hedge.send('count', 1)).toBe(1);
      await expect(strict.hedge.send('count', 1)).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    });

    it('masks what a handler throws, and logs it on the leader', async () => {
      const apps = await start(2);
      for (const { hedge } of apps) {
        logs.clear();
        const failure = await hedge.send('throw', 1).catch((error: unknown) => error);

        expect(failure).toMatchObject({
          name: 'HedgeError',
          code: 'HANDLER_ERROR',
          status: 500,
          error: { status: 'error', message: 'Internal server error' },
        });
        expect(JSON.stringify(failure)).not.toContain('secret');
        expect(logs.at('error').join()).toContain('a secret of the leader');
      }
    });

    it('passes on an RpcException as it is', async () => {
      const apps = await start(2);

      for (const { hedge } of apps) {
        await expect(hedge.send('rpc', 1)).rejects.toMatchObject({
          code: 'HANDLER_ERROR',
          error: { reason: 'out of stock', left: 0 },
        });
      }
    });

    it.each([['a text'], [{ an: 'object' }], [null], [undefined], [0]])(
      'ends with HANDLER_ERROR when a handler rejects with %j',
      async (reason) => {
        const apps = await start(2);

        for (const { hedge } of apps) {
          await expect(hedge.send('reject', reason)).rejects.toMatchObject({
            code: 'HANDLER_ERROR',
          });
        }
      },
    );

    it.each([
      ['null', null],
      ['undefined', undefined],
      ['promise', 'promised'],
      ['observable', 'last'],
      ['empty observable', undefined],
    ])('resolves with what a handler returns: %s', async (kind, expected) => {
      const apps = await start(2);

      for (const { hedge } of apps) expect(await hedge.send('return', kind)).toEqual(expected);
    });

    it.each([
      ['failing observable', { code: 'HANDLER_ERROR', error: { message: 'observed' } }],
      ['bigint', { code: 'HANDLER_ERROR', message: expect.stringContaining('BigInt') }],
    ])('ends with HANDLER_ERROR when a handler returns a %s', async (kind, expected) => {
      const apps = await start(2);

      for (const { hedge } of apps) {
        await expect(hedge.send('return', kind)).rejects.toMatchObject(expected);
      }
    });

    it.each([[null], [undefined], [''], [0], [false], [[]], ['\0 \u2028 👩‍🚀 عربى']])(
      'carries %j',
      async (data) => {
        const apps = await start(2);

        for (const { hedge } of apps) {
          expect(await hedge.send('echo', data)).toMatchObject(data === undefined ? {} : { data });
        }
      },
    );

    it.each(['hang', 'return'])(
      'ends with TIMEOUT when the handler of %s never ends',
      async (pattern) => {
        const apps = await start(2);
        const data = 'endless observable';

        for (const { hedge } of apps) {
          await expect(hedge.send(pattern, data, { timeout: 100 })).rejects.toMatchObject({
            code: 'TIMEOUT',
            status: 504,
          });
        }
      },
    );

    it('aborts the signal of a handler nobody waits for any more', async () => {
      const [, follower] = await start(2);

      await follower.hedge.send('hang', 1, { timeout: 100 }).catch(() => undefined);

      await vi.waitFor(() => expect(signals[0].aborted).toBe(true), SOON);
    });

    it('aborts the signal of a handler whose term has ended', async () => {
      const [leader, follower] = await start(2);
      const sent = follower.hedge.send('hang', 1);
      await vi.waitFor(() => expect(trace).toEqual([1]), SOON);

      await leader.hedge.stepDown();

      expect(signals[0].aborted).toBe(true);
      release('done all the same');
      expect(await sent).toBe('done all the same');
    });

    it('aborts it in time for a handler that asks for it late', async () => {
      const [, follower] = await start(2);
      const timeout = 500;

      await follower.hedge.send('ask late', 1, { timeout }).catch(() => undefined);
      release(undefined);

      // Not when the same time has passed once more.
      await vi.waitFor(() => expect(signals[0].aborted).toBe(true), { timeout: timeout / 2 });
    });

    it('ends the Observable of a handler nobody waits for any more', async () => {
      const apps = await start(2);

      for (const { hedge } of apps) {
        trace.splice(0);
        await hedge.send('observe', 1, { timeout: 100 }).catch(() => undefined);
        await vi.waitFor(() => expect(trace).toEqual(['subscribed', 'unsubscribed']), SOON);
      }
    });

    it('ends the Observable of a handler whose term has ended', async () => {
      const [leader, follower] = await start(2);
      const sent = follower.hedge.send('observe', 1).catch((error: unknown) => error);
      await vi.waitFor(() => expect(trace).toEqual(['subscribed']), SOON);

      await leader.hedge.stepDown();

      expect(trace).toEqual(['subscribed', 'unsubscribed']);
      expect(await sent).toMatchObject({ code: 'HANDLER_ERROR', error: { code: 'NOT_LEADER' } });
    });

    it('gives up when its signal is aborted', async () => {
      const [leader, follower] = await start(2);
      for (const { hedge } of [leader, follower]) {
        trace.splice(0);
        const reason = new Error('enough');
        const giveUp = new AbortController();
        const sent = hedge.send('hang', 1, { signal: giveUp.signal });
        await vi.waitFor(() => expect(trace).toEqual([1]), SOON);
        giveUp.abort(reason);

        await expect(sent).rejects.toMatchObject({ code: 'ABORTED', cause: reason, status: 499 });
      }
    });

    it('sends nothing when its signal is aborted already', async () => {
      const [leader, follower] = await start(2);

      for (const { hedge } of [leader, follower]) {
        const sent = hedge.send('count', 1, { signal: AbortSignal.abort() });
        await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
      }
      expect(trace).toEqual([]);
    });

    it.each([
      { timeout: 0 },
      { timeout: -5 },
      { timeout: NaN },
      { timeout: '5' as never },
      { signal: {} as never },
    ])('refuses %o', async (options) => {
      const [leader] = await start(1);

      const sent = leader.hedge.send('count', 1, options);

      await expect(sent).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', status: 400 });
      expect(trace).toEqual([]);
    });

    it.each([[undefined], [null], [Symbol('x')], [true]])(
      'refuses %o as a pattern',
      async (pattern) => {
        const [leader] = await start(1);

        const sent = leader.hedge.send(pattern as never, 1);

        await expect(sent).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      },
    );

    const circular: Record<string, unknown> = {};
    circular.self = circular;

    it.each([
      ['a BigInt', { price: { much: 1n } }, /price\.much is a BigInt/],
      ['a circle', circular, /self is circular/],
      ['a function', () => undefined, /data is a function/],
      ['a symbol', Symbol('x'), /data is a symbol/],
    ])('refuses %s before anything is sent, and says where it is', async (_what, data, text) => {
      const apps = await start(2);

      for (const { hedge } of apps) {
        await expect(hedge.send('count', data)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: expect.stringMatching(text),
        });
      }
      expect(trace).toEqual([]);
    });

    it('refuses data that is too large before it is sent', async () => {
      const apps = await start(2);
      const data = 'x'.repeat(17 * 1024 * 1024);

      for (const { hedge } of apps) {
        await expect(hedge.send('count', data)).rejects.toMatchObject({
          code: 'PAYLOAD_TOO_LARGE',
          status: 413,
        });
      }
      expect(trace).toEqual([]);
    });

    it('ends with NO_HANDLER, and names the pattern, when the leader has none', async () => {
      const apps = await start(2);

      for (const { hedge } of apps) {
        await expect(hedge.send('unheard-of', 1)).rejects.toMatchObject({
          code: 'NO_HANDLER',
          status: 501,
          message: expect.stringContaining('"unheard-of"'),
        });
      }
    });

    it('is sent on by a member without the handler that does not lead any more', async () => {
      const [first] = await group().startMany(1);
      const [second] = await group().startMany(1, {}, [Handlers]);
      const asker = await group().start({ candidate: false });
      await asker.hedge.ready();
      const stepDown = first.hedge.stepDown();

      // It still believes that the first member leads, which knows no such pattern.
      expect(await asker.hedge.send('count', 1)).toBe(1);
      await stepDown;
      expect(second.hedge.isLeader()).toBe(true);
    });

    it('ends with NO_LEADER when nobody leads in time', async () => {
      const script = await group().start({ candidate: false });

      const sent = script.hedge.send('echo', 1, { timeout: 200 });

      await expect(sent).rejects.toMatchObject({ code: 'NO_LEADER', status: 503 });
    });
  });
});

describe('a guard that outlasts the term', () => {
  const group = useGroup();

  it('ends before a handler that then never starts: the message goes to the next leader', async () => {
    const [first, second] = await group().startMany(2, {}, [Hesitant]);
    const sent = second.hedge.send('hesitant', 1, SOON);
    await vi.waitFor(() => expect(trace).toEqual(['guard']), SOON);
    await first.hedge.stepDown();
    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);

    release(undefined);
    await vi.waitFor(() => expect(trace).toEqual(['guard', 'guard']), SOON);
    release(undefined);

    expect(await sent).toBe(second.hedge.id);
    expect(trace).toEqual(['guard', 'guard', 'handler']);
  });
});

describe('what a handler puts', () => {
  onEveryStore((group) => {
    const start = startWith(group);

    it('is bound to the term: after it the put fails and is not in the log', async () => {
      const [leader, follower] = await start(2);
      const sent = follower.hedge.send('put-twice', 1).catch((error: unknown) => error);
      await vi.waitFor(() => expect(trace).toEqual(['put']), SOON);
      await leader.hedge.stepDown();
      await vi.waitFor(() => expect(follower.hedge.isLeader()).toBe(true), SOON);

      release(undefined);

      expect(await sent).toMatchObject({ code: 'HANDLER_ERROR', error: { code: 'NOT_LEADER' } });
      expect(await follower.hedge.get('early')).toMatchObject({ value: 'value' });
      expect(await follower.hedge.get('late')).toBeUndefined();
    });
  });
});

describe('a connection that is cut while the handler runs', () => {
  const group = useGroup();
  let proxy: TcpProxy;

  async function start(): Promise<App[]> {
    const behind = await behindProxy();
    proxy = behind.proxy;
    const leader = await group().start(behind.options, [Handlers]);
    await leader.hedge.ready();
    const [follower] = await group().startMany(1, { candidate: false });
    return [leader, follower];
  }

  afterEach(() => proxy.close());

  it('ends a send with CONNECTION_LOST: it is not sent again', async () => {
    const [, follower] = await start();
    const sent = follower.hedge.send('hang', 'once').catch((error: unknown) => error);
    await vi.waitFor(() => expect(trace).toEqual(['once']), SOON);

    proxy.cut();
    proxy.resume();

    expect(await sent).toMatchObject({ code: 'CONNECTION_LOST', status: 502 });
    expect(await follower.hedge.send('count', 'again')).toBe(2);
    expect(trace).toEqual(['once', 'again']);
  });

  it('repeats a send that is idempotent', async () => {
    const [, follower] = await start();
    const sent = follower.hedge.send('hang', 'twice', { idempotent: true });
    await vi.waitFor(() => expect(trace).toEqual(['twice']), SOON);

    proxy.cut();
    proxy.resume();
    await vi.waitFor(() => expect(trace).toEqual(['twice', 'twice']), SOON);
    release('answered');

    expect(await sent).toBe('answered');
  });

  it('moves an idempotent send to the next leader when the old one falls silent', async () => {
    const [leader, follower] = await start();
    const [next] = await group().startMany(1, {}, [Handlers]);
    const sent = follower.hedge.send('hang', 'silent', { idempotent: true, timeout: 30_000 });
    await vi.waitFor(() => expect(trace).toEqual(['silent']), SOON);

    proxy.blackhole();
    const closed = leader.close();
    await vi.waitFor(() => expect(next.hedge.isLeader()).toBe(true), SOON);
    await vi.waitFor(() => expect(trace).toEqual(['silent', 'silent']), SOON);
    release('by the next');

    expect(await sent).toBe('by the next');
    await closed;
  });
});

describe('handlers that cannot be', () => {
  const group = useGroup();

  it('are two for one pattern', async () => {
    @Injectable()
    class Another {
      @OnLeaderMessage('echo')
      answer() {
        return 'also me';
      }
    }

    const started = group().start({}, [Handlers, Another]);

    await expect(started).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringMatching(
        /'echo'\) on Handlers\.echo\(\) and .*'echo'\) on Another\.answer\(\)/,
      ),
    });
  });

  it('are two catch-alls', async () => {
    @Injectable()
    class Another extends CatchAll {}

    const started = group().start({}, [CatchAll, Another]);

    await expect(started).rejects.toMatchObject({ code: 'INVALID_HANDLER' });
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])('are on a class of scope %d', async (scope) => {
    @Injectable({ scope })
    class Scoped {
      @OnLeaderMessage('scoped')
      answer() {
        return 'whose?';
      }
    }
    @Injectable()
    class User {
      constructor(readonly scoped: Scoped) {}
    }

    const started = group().start({}, [Scoped, User]);

    await expect(started).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringContaining('Scoped.answer()'),
    });
  });
});
