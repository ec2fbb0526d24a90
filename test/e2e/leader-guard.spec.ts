import {
  All,
  Controller,
  HttpException,
  Injectable,
  Module,
  Req,
  UseGuards,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientTCP, MessagePattern, Transport } from '@nestjs/microservices';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { MemberLifecycle } from '../../src/member/index.js';
import {
  HedgeModule,
  HedgeService,
  LeaderGuard,
  OnBroadcast,
  type HedgeModuleOptions,
  type Member,
} from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { logs } from '../support/apps/recorded.logs.js';
import { SlowToLeave } from '../support/apps/slow-to-leave.js';

const group = useGroup();

@Controller('orders')
@UseGuards(LeaderGuard)
class Orders {
  constructor(private readonly hedge: HedgeService) {}

  @All('*path')
  answer(@Req() { method, url, body }: { method: string; url: string; body: unknown }) {
    return { by: this.hedge.id, method, url, body };
  }
}

interface HttpApp extends App {
  readonly url: string;
}

async function startHttp(
  options: HedgeModuleOptions = {},
  controllers: Type[] = [Orders],
  providers: Type[] = [],
  imports: Type[] = [],
): Promise<HttpApp> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const metadata = { url, ...options.metadata };
  const app = await group().startHttp(
    port,
    { ...options, metadata },
    { providers, controllers, imports },
  );
  return Object.assign(app, { url });
}

/** The first of them leads, and both know each other. */
async function startTwo(...args: Parameters<typeof startHttp>): Promise<[HttpApp, HttpApp]> {
  const leader = await startHttp(...args);
  await leader.hedge.ready(SOON);
  const follower = await startHttp(...args);
  await vi.waitFor(() => {
    const seen = follower.hedge.members().find(({ isLeader }) => isLeader);
    expect(seen?.id).toBe(leader.hedge.id);
  }, SOON);
  return [leader, follower];
}

function get(url: string): Promise<Response> {
  return fetch(url, { redirect: 'manual' });
}

/** With a request line as no browser would write it. */
async function getRaw({ url }: HttpApp, path: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, headers: { host: 'evil.example' } }).end();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  response.resume();
  return response;
}

describe('LeaderGuard, over HTTP', () => {
  it('passes on the leader, and sends clients there from elsewhere', async () => {
    const [leader, follower] = await startTwo();

    const direct = await get(`${leader.url}/orders/7?x=1`);
    const redirected = await get(`${follower.url}/orders/7?x=1&y=%2F`);

    expect(await direct.json()).toMatchObject({ by: leader.hedge.id, url: '/orders/7?x=1' });
    expect(redirected.status).toBe(307);
    expect(redirected.headers.get('location')).toBe(`${leader.url}/orders/7?x=1&y=%2F`);
    expect(await redirected.json()).toMatchObject({ statusCode: 307 });
  });

  it('has method and body go along', async () => {
    const [leader, follower] = await startTwo();

    const response = await fetch(`${follower.url}/orders/7`, {
      method: 'PUT',
      body: JSON.stringify({ n: 1 }),
      headers: { 'content-type': 'application/json' },
    });

    expect(response.redirected).toBe(true);
    expect(await response.json()).toEqual({
      by: leader.hedge.id,
      method: 'PUT',
      url: '/orders/7',
      body: { n: 1 },
    });
  });

  it.each(['http://evil.example/orders/7', '/orders//evil.example', '/orders/@evil.example'])(
    'sends nobody elsewhere who asks for %s',
    async (path) => {
      const [leader, follower] = await startTwo();

      const { statusCode, headers } = await getRaw(follower, path);

      expect(statusCode).toBe(307);
      expect(new URL(headers.location ?? '').origin).toBe(leader.url);
    },
  );

  it('answers 503 and names the leader, which has no URL, without an error in the log', async () => {
    const [leader, follower] = await startTwo({ metadata: { url: 'ask somebody' } });
    logs.clear();

    const response = await get(`${follower.url}/orders/7`);

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('hedge-leader')).toBe(leader.hedge.id);
    expect(await response.json()).toEqual({
      statusCode: 503,
      code: 'NOT_LEADER',
      message: expect.stringContaining(`The leader is ${leader.hedge.id}`),
      leader: leader.hedge.id,
    });
    expect([...logs.at('error'), ...logs.at('warn')]).toEqual([]);
  });

  it('answers 503 where nobody leads', async () => {
    const app = await startHttp({ candidate: false });

    const response = await get(`${app.url}/orders/7`);

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.has('hedge-leader')).toBe(false);
    expect(await response.json()).toMatchObject({ code: 'NOT_LEADER' });
  });

  it('answers 503 on a member that has shut down', async () => {
    const [, follower] = await startTwo();
    await follower.get(MemberLifecycle).close();

    const response = await get(`${follower.url}/orders/7`);

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('decides on the leader at once, without a promise', async () => {
    const leader = await startHttp({}, [], [LeaderGuard]);
    await leader.hedge.ready(SOON);
    expect(leader.get(LeaderGuard).canActivate({} as ExecutionContext)).toBe(true);
  });
});

@Injectable()
class Rules {
  readonly open = ['/orders/open'];
}

/** Has a constructor of its own, and lets through what it likes. */
@Injectable()
class OpenGuard extends LeaderGuard {
  constructor(private readonly rules: Rules) {
    super();
  }

  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    return this.rules.open.includes(url);
  }
}

class ElsewhereGuard extends LeaderGuard {
  protected override redirectTo(leader: Member): string {
    return `https://orders.example/leader?id=${leader.id}`;
  }
}

class TeapotGuard extends LeaderGuard {
  protected override redirectTo(): undefined {}

  protected override throwNotLeader(_context: ExecutionContext, leader?: Member): void {
    throw new HttpException({ ask: leader?.id }, 418);
  }
}

class SilentGuard extends LeaderGuard {
  protected override redirectTo(): undefined {}
  protected override async throwNotLeader(): Promise<void> {}
}

@Controller()
class Guarded {
  @All('orders/*path')
  @UseGuards(OpenGuard)
  open() {
    return { passed: true };
  }

  @All('elsewhere')
  @UseGuards(ElsewhereGuard)
  elsewhere() {}

  @All('teapot')
  @UseGuards(TeapotGuard)
  teapot() {}

  @All('silent')
  @UseGuards(SilentGuard)
  silent() {}
}

/** Knows nothing of hedge. */
@Module({ controllers: [Guarded], providers: [Rules] })
class Feature {}

describe('a guard that extends LeaderGuard, in a module of its own', () => {
  it('decides what passes, where clients go, and how it refuses', async () => {
    const [leader, follower] = await startTwo({}, [], [], [Feature]);

    expect(await (await get(`${follower.url}/orders/open`)).json()).toEqual({ passed: true });
    expect((await get(`${follower.url}/orders/closed`)).status).toBe(307);
    expect((await get(`${leader.url}/orders/closed`)).status).toBe(200);
    const elsewhere = await get(`${follower.url}/elsewhere`);
    expect(elsewhere.headers.get('location')).toBe(
      `https://orders.example/leader?id=${leader.hedge.id}`,
    );
    const teapot = await get(`${follower.url}/teapot`);
    expect([teapot.status, await teapot.json()]).toEqual([418, { ask: leader.hedge.id }]);
    expect((await get(`${follower.url}/silent`)).status).toBe(403);
  });
});

describe('LeaderGuard, while the leader shuts down', () => {
  it('has clients ask again in a second, not in a lease', async () => {
    const [leader, follower] = await startTwo({ leaseDuration: 10_000 }, [Orders], [SlowToLeave]);

    const closing = leader.close();
    await vi.waitFor(() => expect(follower.hedge.members()).toHaveLength(1), SOON);
    const response = await get(`${follower.url}/orders/7`);
    leader.get(SlowToLeave).ended.abort();
    await closing;

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

@Controller()
@UseGuards(LeaderGuard)
class Messages {
  constructor(private readonly hedge: HedgeService) {}

  @MessagePattern('who')
  who() {
    return this.hedge.id;
  }

  @OnBroadcast('who leads')
  whoLeads() {
    return this.hedge.id;
  }
}

describe('LeaderGuard, over RPC', () => {
  it('passes on the leader, and refuses with its id elsewhere', async () => {
    const [leader, follower] = await startTwo();
    const store = group().place.nextMember();
    const hedge = HedgeModule.forRoot({
      ...store,
      address: '127.0.0.1:0',
      lockName: 'group',
      leaseDuration: 1_000,
    });
    const port = await freePort();
    @Module({ imports: [hedge], controllers: [Messages] })
    class Service {}
    const service = await NestFactory.createMicroservice(Service, {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
      logger: logs,
    });
    const client = new ClientTCP({ host: '127.0.0.1', port });
    try {
      await service.listen();
      await service.get(HedgeService).ready(SOON);
      await vi.waitFor(
        () =>
          expect(
            service
              .get(HedgeService)
              .members()
              .some(({ isLeader }) => isLeader),
          ).toBe(true),
        SOON,
      );
      const ask = () => firstValueFrom(client.send<string>('who', {}));

      await expect(ask()).rejects.toEqual({
        code: 'NOT_LEADER',
        message: expect.stringContaining(`The leader is ${leader.hedge.id}`),
        leader: leader.hedge.id,
      });
      await Promise.all([leader.close(), follower.close()]);
      await vi.waitFor(async () => expect(await ask()).toBe(service.get(HedgeService).id), SOON);
    } finally {
      client.close();
      await service.close();
    }
  });

  it('has only the leader answer a broadcast', async () => {
    const [leader, follower] = await startTwo({}, [Messages]);
    const only = [leader.hedge.id, follower.hedge.id];

    const replies = await follower.hedge.broadcast('who leads', {}, { only });

    expect(replies).toMatchObject([
      { member: leader.hedge.id, reply: leader.hedge.id },
      {
        member: follower.hedge.id,
        error: { code: 'HANDLER_ERROR', error: { code: 'NOT_LEADER', leader: leader.hedge.id } },
      },
    ]);
  });
});

describe('LeaderGuard, elsewhere', () => {
  const socket = { getType: () => 'ws' } as unknown as ExecutionContext;

  it('refuses with a HedgeError', async () => {
    const [leader, follower] = await startTwo({}, [], [LeaderGuard]);

    await expect(follower.get(LeaderGuard).canActivate(socket)).rejects.toMatchObject({
      name: 'HedgeError',
      code: 'NOT_LEADER',
      message: expect.stringContaining(leader.hedge.id),
    });
  });

  it('refuses before the start of the member', async () => {
    let early: unknown;
    @Injectable()
    class Early extends LeaderGuard {
      async onModuleInit() {
        early = await Promise.resolve(this.canActivate(socket)).catch((error: unknown) => error);
      }
    }

    await startHttp({}, [], [Early]);

    expect(early).toMatchObject({ name: 'HedgeError', code: 'NOT_RUNNING', status: 503 });
  });
});
