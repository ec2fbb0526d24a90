import {
  Controller,
  Injectable,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import { AsyncLocalStorage } from 'node:async_hooks';
import { lastValueFrom, map, Observable, of, toArray } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  HedgeContext,
  HedgeError,
  HedgeService,
  OnBroadcast,
  OnLeaderMessage,
  type BroadcastReply,
} from '../../src/index.js';
import { Broadcaster } from '../../src/broadcast/index.js';
import { MemberReports } from '../../src/hedge.channels.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { MessageTracing } from '../../src/messaging/index.js';
import { startMessaging } from '../support/messaging/messaging.members.js';
import { behindProxy } from '../support/network/proxied.member.js';

/** What handlers did, in order. */
let trace: unknown[] = [];
let signals: AbortSignal[] = [];
/** Let the handlers that hang end. */
let releases: ((value: unknown) => void)[] = [];
const request = new AsyncLocalStorage<string>();

beforeEach(() => {
  trace = [];
  signals = [];
  releases = [];
});

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnBroadcast('who')
  @OnBroadcast({ cmd: 'who', version: 2 })
  who() {
    return this.hedge.id;
  }

  @OnBroadcast('context')
  context(@Payload('name') name: string, @Ctx() context: HedgeContext) {
    return {
      name,
      sender: context.getSender(),
      token: context.getToken().toString(),
      pattern: context.getPattern(),
      aborted: context.getSignal().aborted,
    };
  }

  @OnBroadcast('fail')
  fail(kind: string) {
    if (kind === 'rpc') throw new RpcException({ reason: 'out of stock' });
    if (kind === 'hedge') throw new HedgeError('NO_HANDLER', 'inside');
    throw new Error('a secret of this member');
  }

  @OnBroadcast('hang')
  async hang(@Payload() who: string, @Ctx() context: HedgeContext) {
    if (who !== this.hedge.id) return 'done';
    trace.push('began');
    signals.push(context.getSignal());
    return new Promise((resolve) => releases.push(resolve));
  }

  @OnBroadcast('observe')
  observe(kind: string) {
    if (kind === 'values') return of('first', 'last');
    return new Observable(() => {
      trace.push('subscribed');
      return () => trace.push('unsubscribed');
    });
  }

  @OnBroadcast('count')
  count() {
    return trace.push(this.hedge.id);
  }

  @OnBroadcast('store')
  store() {
    return request.getStore() ?? 'nothing';
  }

  @OnLeaderMessage('broadcast from the leader')
  fromLeader(members: string[]) {
    return request.run('the caller', () => this.hedge.broadcast('store', {}, { only: members }));
  }
}

@Injectable()
class CatchAll {
  @OnBroadcast()
  rest(@Ctx() context: HedgeContext) {
    return `caught ${context.getPattern()}`;
  }
}

class Trusted implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToRpc().getData<{ trusted?: boolean }>().trusted === true;
  }
}
class Doubled implements PipeTransform {
  transform(value: { n: number }) {
    return { ...value, n: value.n * 2 };
  }
}
class Wrapped implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((value: unknown) => ({ wrapped: value })));
  }
}

@Controller()
class Guarded {
  @OnBroadcast('guarded')
  @UseGuards(Trusted)
  @UsePipes(Doubled)
  @UseInterceptors(Wrapped)
  answer({ n }: { n: number }) {
    return n;
  }
}

const idsOf = (apps: App[]) => apps.map(({ hedge }) => hedge.id);
const membersOf = (replies: BroadcastReply[]) => replies.map(({ member }) => member);
const isSubscribed = (item: unknown) => item === 'subscribed';
const isUnsubscribed = (item: unknown) => item === 'unsubscribed';
const errorsOf = (replies: BroadcastReply[]) =>
  replies.map((entry) => ('error' in entry ? entry.error.code : entry.reply));

describe('a broadcast', () => {
  const group = useGroup();

  function start(count: number): Promise<App[]> {
    return group().startMany(count, {}, [Handlers], [Guarded]);
  }

  it('is answered by every member, the one that asks among them', async () => {
    const apps = await start(3);
    for (const { hedge } of apps) {
      await vi.waitFor(() => expect(hedge.members()).toHaveLength(3), SOON);
    }

    const replies = await apps[1].hedge.broadcast('who', {});

    const ids = apps[1].hedge.members().map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set(idsOf(apps)));
    expect(replies).toEqual(ids.map((id) => ({ member: id, reply: id })));
    const pattern = { version: 2, cmd: 'who' };
    const others = await apps[1].hedge.broadcast(pattern, {}, { skipSelf: true });
    expect(others).toEqual(replies.filter(({ member }) => member !== apps[1].hedge.id));
  });

  it('goes only to the members it is meant for', async () => {
    const [a, b, c] = await start(3);
    const [first, second, third] = idsOf([a, b, c]);

    const some = await a.hedge.broadcast('who', {}, { only: [third, second, third] });
    const others = await b.hedge.broadcast(
      'who',
      {},
      { only: [first, second, third], skipSelf: true },
    );

    expect(membersOf(some)).toEqual([third, second]);
    expect(membersOf(others)).toEqual([first, third]);
    expect(await a.hedge.broadcast('who', {}, { only: [first], skipSelf: true })).toEqual([]);
  });

  it('tells its handler who asks, and the newest term', async () => {
    const apps = await start(2);
    const token = apps[0].hedge.leadership?.token;

    const replies = await apps[1].hedge.broadcast('context', { name: 'x' }, { only: idsOf(apps) });

    const expected = {
      name: 'x',
      sender: apps[1].hedge.id,
      token: `${token}`,
      pattern: 'context',
      aborted: false,
    };
    expect(replies.map((entry) => 'reply' in entry && entry.reply)).toEqual([expected, expected]);
  });

  it('goes through the whole pipeline, on a controller too', async () => {
    const apps = await start(2);
    const only = idsOf(apps);
    const ask = (data: object) => apps[0].hedge.broadcast('guarded', data, { only });

    expect(errorsOf(await ask({ n: 2, trusted: true }))).toEqual([{ wrapped: 4 }, { wrapped: 4 }]);
    const [denied] = await ask({ n: 2 });
    expect(denied).toMatchObject({
      error: { code: 'HANDLER_ERROR', error: { message: 'Forbidden resource' } },
    });
  });

  it('has the last value of an Observable for a reply', async () => {
    const apps = await start(2);
    const replies = await apps[0].hedge.broadcast('observe', 'values', { only: idsOf(apps) });
    expect(errorsOf(replies)).toEqual(['last', 'last']);
  });

  it('leaves what no other handler takes to the one without a pattern', async () => {
    const [a] = await start(1);
    const b = await group().start({}, [Handlers, CatchAll]);
    const only = idsOf([a, b]);

    const replies = await a.hedge.broadcast('unknown', {}, { only });

    expect(errorsOf(replies)).toEqual(['NO_HANDLER', 'caught unknown']);
    expect(replies[0]).toMatchObject({
      error: { message: expect.stringMatching(/@OnBroadcast\(\) handler for "unknown"/) },
    });
    expect(errorsOf(await a.hedge.broadcast('who', {}, { only }))).toEqual(only);
  });

  it('reports what handlers throw, and keeps what is not meant for others', async () => {
    const apps = await start(1);
    const only = idsOf(apps);
    const [{ hedge }] = apps;
    const fail = async (kind: string) => (await hedge.broadcast('fail', kind, { only }))[0];

    expect(await fail('rpc')).toMatchObject({
      error: { code: 'HANDLER_ERROR', error: { reason: 'out of stock' } },
    });
    expect(await fail('hedge')).toMatchObject({
      error: { code: 'HANDLER_ERROR', error: { code: 'NO_HANDLER', message: 'inside' } },
    });
    const masked = await fail('error');
    expect(JSON.parse(JSON.stringify(masked))).toEqual({
      member: hedge.id,
      error: {
        code: 'HANDLER_ERROR',
        message: 'Internal server error',
        error: { status: 'error', message: 'Internal server error' },
      },
    });
    expect(JSON.stringify(masked)).not.toContain('secret');
  });

  it('has an entry for members that cannot be reached', async () => {
    const [a, gone] = await start(2);
    const nobody = gone.hedge.id;
    await gone.close();
    const only = ['not an id', nobody, a.hedge.id, 'x:99999'];

    const replies = await a.hedge.broadcast('who', {}, { only });

    expect(errorsOf(replies)).toEqual([
      'CONNECTION_LOST',
      'CONNECTION_LOST',
      a.hedge.id,
      'CONNECTION_LOST',
    ]);
    expect(replies.map(({ member }) => member)).toEqual(only);
  });

  it('waits for no other member with the reply of one', async () => {
    const apps = await start(3);
    const only = idsOf(apps);
    const seen: BroadcastReply[] = [];
    let isOver = false;
    apps[0].hedge
      .broadcastStream('hang', only[2], { only, timeout: 30_000 })
      .subscribe({ next: (entry) => seen.push(entry), complete: () => (isOver = true) });

    await vi.waitFor(() => expect(seen.map(({ member }) => member)).toHaveLength(2), SOON);
    expect(seen.map(({ member }) => member).toSorted()).toEqual(only.slice(0, 2).toSorted());
    expect(isOver).toBe(false);
    await vi.waitFor(() => expect(releases).toHaveLength(1), SOON);
    releases[0]('late');

    await vi.waitFor(() => expect(isOver).toBe(true), SOON);
    expect(seen[2]).toEqual({ member: only[2], reply: 'late' });
  });

  it('gives up on each member after its timeout, and tells the handler', async () => {
    const apps = await start(2);
    const only = idsOf(apps);

    const replies = await apps[0].hedge.broadcast('hang', only[1], { only, timeout: 300 });

    expect(errorsOf(replies)).toEqual(['done', 'TIMEOUT']);
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true), SOON);
    releases[0](undefined);
    const endless = await apps[0].hedge.broadcast('observe', '', { only, timeout: 200 });
    expect(errorsOf(endless)).toEqual(['TIMEOUT', 'TIMEOUT']);
    await vi.waitFor(() => expect(trace.filter(isUnsubscribed)).toHaveLength(2), SOON);
  });

  it('ends with its signal', async () => {
    const apps = await start(2);
    const only = idsOf(apps);
    const { hedge } = apps[0];
    const controller = new AbortController();
    const options = { only, signal: controller.signal };
    const broadcast = hedge.broadcast('hang', only[1], options);
    const stream = lastValueFrom(hedge.broadcastStream('hang', only[1], options));
    const reason = new Error('enough');
    await vi.waitFor(() => expect(releases).toHaveLength(2), SOON);

    controller.abort(reason);

    await expect(broadcast).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    await expect(stream).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(hedge.broadcast('count', {}, options)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(trace).not.toContain(only[0]);
    for (const release of releases) release(undefined);
  });

  it('tells the handlers when nobody waits any more', async () => {
    const apps = await start(2);
    const only = idsOf(apps);
    for (const id of only) {
      const replies$ = apps[0].hedge.broadcastStream('hang', id, { only, timeout: 60_000 });
      const subscription = replies$.subscribe();
      await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);

      subscription.unsubscribe();

      await vi.waitFor(() => expect(signals[0].aborted).toBe(true), SOON);
      releases[0](undefined);
      signals = [];
      releases = [];
    }
    const observed = apps[0].hedge
      .broadcastStream('observe', '', { only, timeout: 60_000 })
      .subscribe();
    await vi.waitFor(() => expect(trace.filter(isSubscribed)).toHaveLength(2), SOON);
    observed.unsubscribe();
    await vi.waitFor(() => expect(trace.filter(isUnsubscribed)).toHaveLength(2), SOON);
  });

  it('is sent by each subscription anew, and by none that has not come', async () => {
    const apps = await start(1);
    const replies$ = apps[0].hedge.broadcastStream('count', {}, { only: idsOf(apps) });
    await apps[0].hedge.broadcast('who', {}, { only: idsOf(apps) });
    expect(trace).toEqual([]);

    const all = await Promise.all([
      lastValueFrom(replies$.pipe(toArray())),
      lastValueFrom(replies$.pipe(toArray())),
    ]);

    expect(new Set(all.flatMap(errorsOf))).toEqual(new Set([1, 2]));
  });

  it('is refused as a whole when it cannot be sent', async () => {
    const apps = await start(2);
    const { hedge } = apps[0];
    const only = idsOf(apps);
    const refused = (data: unknown, options: object = {}) =>
      hedge.broadcast('count', data, { only, ...options });
    const invalid = { code: 'INVALID_ARGUMENT' };

    await expect(refused({ n: 1n })).rejects.toMatchObject(invalid);
    await expect(refused(() => 1)).rejects.toMatchObject(invalid);
    await expect(refused({}, { only: 'a:1' })).rejects.toMatchObject(invalid);
    await expect(refused({}, { only: [1] })).rejects.toMatchObject(invalid);
    await expect(refused({}, { timeout: 0 })).rejects.toMatchObject(invalid);
    await expect(hedge.broadcast(null as never, {})).rejects.toMatchObject(invalid);
    const large = 'x'.repeat(17 * 1024 * 1024);
    await expect(refused(large)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(lastValueFrom(hedge.broadcastStream('count', { n: 1n }))).rejects.toMatchObject(
      invalid,
    );
    expect(trace).toEqual([]);
  });

  it('is never sent twice', async () => {
    const { options, proxy } = await behindProxy();
    const [a] = await start(1);
    const b = await group().start(options, [Handlers]);
    const only = [b.hedge.id];
    try {
      const broadcast = a.hedge.broadcast('hang', b.hedge.id, { only });
      await vi.waitFor(() => expect(trace).toEqual(['began']), SOON);
      proxy.cut();
      expect(errorsOf(await broadcast)).toEqual(['CONNECTION_LOST']);
      proxy.resume();

      expect(errorsOf(await a.hedge.broadcast('who', {}, { only }))).toEqual(only);
      expect(trace).toEqual(['began']);
      releases[0](undefined);
    } finally {
      await proxy.close();
    }
  });

  it('leaves behind what its caller keeps in AsyncLocalStorage, at this member as at others', async () => {
    const apps = await start(2);
    const replies = await apps[1].hedge.send<BroadcastReply[]>(
      'broadcast from the leader',
      idsOf(apps),
    );
    expect(errorsOf(replies)).toEqual(['nothing', 'nothing']);
  });

  it('needs a member that runs', async () => {
    const [a] = await start(1);
    await a.close();
    await expect(a.hedge.broadcast('who', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await expect(lastValueFrom(a.hedge.broadcastStream('who', {}))).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
  });
});

describe('a broadcast to 200 members', () => {
  it('asks them all at once', async () => {
    const members = await Promise.all(Array.from({ length: 200 }, () => startMessaging()));
    try {
      for (const { server, id } of members) server.handle('broadcast:who', () => id);
      const ids = members.map(({ id }) => id);
      const reports = new MemberReports(members[0].identity, () => 0);
      const tracing = new MessageTracing(reports);
      const broadcaster = new Broadcaster({
        peers: members[0].peers,
        tracing,
        requestTimeout: 20_000,
        self: () => ids[0],
        members: () => ids,
      });

      const replies = await broadcaster.broadcast('who', { n: 1 });

      expect(replies).toEqual(ids.map((id) => ({ member: id, reply: id })));
    } finally {
      await Promise.all(members.map((member) => member.close()));
    }
  });
});

describe('a member that is closed', () => {
  const group = useGroup();

  it('lets handlers of broadcasts finish, and starts no more', async () => {
    const [a, b] = await group().startMany(2, { drainTimeout: 20_000 }, [Handlers]);
    const only = [b.hedge.id];
    const running = a.hedge.broadcast('hang', b.hedge.id, { only });
    await vi.waitFor(() => expect(releases).toHaveLength(1), SOON);

    const closed = b.close();
    await vi.waitFor(async () => {
      const refused = await a.hedge.broadcast('who', {}, { only });
      expect(refused[0]).toMatchObject({
        error: { code: 'NOT_RUNNING', message: expect.stringContaining('Nothing was done') },
      });
    }, SOON);
    expect(signals[0].aborted).toBe(false);
    releases[0]('finished');

    expect(errorsOf(await running)).toEqual(['finished']);
    await closed;
  });

  it('tells those that do not finish in time', async () => {
    const [a, b] = await group().startMany(2, { drainTimeout: 100 }, [Handlers]);
    const only = [b.hedge.id];
    const running = a.hedge.broadcast('hang', b.hedge.id, { only });
    await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);

    await b.close();

    expect(signals[0].aborted).toBe(true);
    expect(errorsOf(await running)).toEqual(['CONNECTION_LOST']);
    releases[0](undefined);
  });
});

describe('handlers of broadcasts that cannot be', () => {
  const group = useGroup();

  it('are two for one pattern', async () => {
    @Injectable()
    class Another {
      @OnBroadcast('who')
      me() {
        return 'me';
      }
    }

    await expect(group().start({}, [Handlers, Another])).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringMatching(/@OnBroadcast\('who'\) on Handlers\.who\(\).*Another\.me\(\)/),
    });
  });
});
