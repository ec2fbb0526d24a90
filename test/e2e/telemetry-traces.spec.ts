import { Injectable, type Type } from '@nestjs/common';
import { Payload, RpcException } from '@nestjs/microservices';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { Readable } from 'node:stream';
import { lastValueFrom, take, timer } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeMember } from '../../src/member/index.js';
import {
  HedgeService,
  OnBroadcast,
  OnLeaderMessage,
  OnLeaderStream,
  type HedgeModuleOptions,
} from '../../src/index.js';
import { MessageTracing, type MessageTracer } from '../../src/messaging/index.js';
import { HedgeOpenTelemetryModule } from '../../src/opentelemetry/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { TelemetrySdk } from '../support/apps/telemetry.sdk.js';

const group = useGroup();
let sdk: TelemetrySdk;

beforeEach(() => {
  sdk = new TelemetrySdk();
});
afterEach(() => sdk.end());

function inSpan<R>(name: string, work: () => Promise<R>): Promise<R> {
  return trace.getTracer('app').startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

@Injectable()
class Orders {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('order.place')
  place(@Payload() id: string) {
    return inSpan('in handler', () => this.hedge.put(`order/${id}`, id));
  }

  @OnLeaderMessage('order.fail')
  async fail(@Payload() how: string) {
    await Promise.resolve();
    throw how === 'rpc' ? new RpcException('no such order') : new TypeError('boom');
  }

  @OnLeaderMessage('order.none')
  none() {
    return timer(5);
  }

  @OnLeaderMessage('order.list')
  async *list(@Payload() count: number) {
    for (let n = 0; n < count; n++) {
      yield await inSpan(`value ${n}`, async () => n);
      if (n === 2 && count < 10) throw new RangeError('no more');
    }
  }

  @OnLeaderStream('order.import')
  async *import(@Payload() rows: AsyncIterable<string>) {
    for await (const row of rows) yield await inSpan(`row ${row}`, async () => row);
  }

  @OnBroadcast('order.drop')
  drop() {
    return inSpan('dropping', async () => 1);
  }
}

async function start(options: HedgeModuleOptions = {}, providers: Type[] = [Orders]): Promise<App> {
  const imports = [HedgeOpenTelemetryModule.forRoot()];
  return group().startHttp(await freePort(), options, { imports, providers });
}

/** The first of them leads, and both are on the other's list. */
async function startTwo(): Promise<{ leader: App; follower: App }> {
  const leader = await start();
  await leader.hedge.ready(SOON);
  const follower = await start();
  await follower.hedge.ready(SOON);
  await vi.waitFor(() => {
    for (const { hedge } of [leader, follower]) expect(hedge.members()).toHaveLength(2);
  }, SOON);
  sdk.forget();
  return { leader, follower };
}

/** Once all of these have ended. Fails where a name is there twice. */
async function spansCalled<N extends string>(...names: N[]): Promise<Record<N, ReadableSpan>> {
  const entries = await vi.waitFor(() =>
    names.map((name) => {
      const found = sdk.spans.filter((span) => span.name === name);
      expect(found, name).toHaveLength(1);
      return [name, found[0]] as const;
    }, SOON),
  );
  return Object.fromEntries(entries) as Record<N, ReadableSpan>;
}

function expectChain(...spans: ReadableSpan[]): void {
  for (const [index, span] of spans.entries()) {
    expect(span.spanContext().traceId).toBe(spans[0].spanContext().traceId);
    if (index === 0) continue;
    expect(span.parentSpanContext?.spanId, span.name).toBe(spans[index - 1].spanContext().spanId);
  }
}

function exceptionsOf({ events }: ReadableSpan): unknown[] {
  return events.map(({ attributes }) => attributes?.['exception.message']);
}

describe('a trace', () => {
  it('goes with a message to the leader, through its handler, to what that puts', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();

    await inSpan('request', () => follower.hedge.send('order.place', '7'));

    const spans = await spansCalled(
      'request',
      'send order.place',
      'handle send order.place',
      'in handler',
      'put',
    );
    const [, sent, handled] = Object.values(spans);
    expectChain(...Object.values(spans));
    expect([sent.kind, handled.kind]).toEqual([SpanKind.CLIENT, SpanKind.SERVER]);
    expect(sent.attributes).toMatchObject({
      'hedge.group': 'group',
      'hedge.member.id': follower.hedge.id,
      'hedge.message.kind': 'send',
      'hedge.pattern': 'order.place',
    });
    expect(handled.attributes).toMatchObject({
      'hedge.member.id': leader.hedge.id,
      'hedge.sender.id': follower.hedge.id,
    });
    expect(handled.parentSpanContext?.isRemote).toBe(true);
    expect([sent.status.code, handled.status.code]).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.UNSET,
    ]);
  });

  it('goes with a put to the leader', async () => {
    sdk.register();
    const { follower } = await startTwo();

    await inSpan('request', () => follower.hedge.put('secret/key', 'value'));

    const spans = await spansCalled('request', 'put', 'handle put');
    expectChain(...Object.values(spans));
    expect(JSON.stringify(sdk.spans.map(({ attributes }) => attributes))).not.toContain('secret');
  });

  it('goes with a broadcast to every member', async () => {
    sdk.register();
    const { leader, follower } = await startTwo();

    await inSpan('request', () => follower.hedge.broadcast('order.drop', {}));

    const { request, 'broadcast order.drop': sent } = await spansCalled(
      'request',
      'broadcast order.drop',
    );
    const handled = sdk.spans.filter(({ name }) => name === 'handle broadcast order.drop');
    const dropping = sdk.spans.filter(({ name }) => name === 'dropping');
    const ids = handled.map(({ attributes }) => attributes['hedge.member.id']);
    expect(ids).toHaveLength(2);
    expect(ids).toEqual(expect.arrayContaining([leader.hedge.id, follower.hedge.id]));
    for (const one of handled) {
      const inside = dropping.filter(
        ({ parentSpanContext }) => parentSpanContext?.spanId === one.spanContext().spanId,
      );
      expect(inside).toHaveLength(1);
      expectChain(request, sent, one, inside[0]);
    }
  });

  it('goes with a stream, both ways, and lasts as long', async () => {
    sdk.register();
    const { follower } = await startTwo();
    const rows = Readable.from(['a', 'b']);

    await inSpan('request', async () => {
      for await (const _ of follower.hedge.stream('order.import', rows));
    });

    const names = ['request', 'stream order.import', 'handle stream order.import'] as const;
    const spans = await spansCalled(...names, 'row a', 'row b');
    const chain = names.map((name) => spans[name]);
    expectChain(...chain, spans['row a']);
    expectChain(...chain, spans['row b']);
    expect(sdk.spans.indexOf(chain[2])).toBeGreaterThan(sdk.spans.indexOf(spans['row b']));
    expect(chain.map(({ status }) => status.code)).toEqual(chain.map(() => SpanStatusCode.UNSET));
  });

  it('ends a span whose stream or broadcast is left before its end', async () => {
    sdk.register();
    const { follower } = await startTwo();

    await lastValueFrom(follower.hedge.stream('order.list', 1_000_000).pipe(take(1)));
    await lastValueFrom(follower.hedge.broadcastStream('order.drop', {}).pipe(take(1)));

    const names = ['stream order.list', 'handle stream order.list', 'broadcast order.drop'];
    for (const { status } of Object.values(await spansCalled(...names))) {
      expect(status.code).toBe(SpanStatusCode.UNSET);
    }
  });

  it.each([
    ['TypeError', 'boom', 'plain'],
    ['RpcException', 'no such order', 'rpc'],
  ])('shows a %s of the handler that its caller hears less of', async (type, message, how) => {
    sdk.register();
    const { follower } = await startTwo();

    const failed = follower.hedge.send('order.fail', how);
    await expect(failed).rejects.toMatchObject({ code: 'HANDLER_ERROR' });

    const { 'send order.fail': sent, 'handle send order.fail': handled } = await spansCalled(
      'send order.fail',
      'handle send order.fail',
    );
    expect(exceptionsOf(handled)).toEqual([message]);
    expect(handled.status).toMatchObject({ code: SpanStatusCode.ERROR, message });
    expect(handled.attributes['error.type']).toBe(type);
    expect(sent.status.code).toBe(SpanStatusCode.ERROR);
    expect(sent.attributes['error.type']).toBe('HANDLER_ERROR');
  });

  it('shows what a handler threw in the midst of its stream', async () => {
    sdk.register();
    const { follower } = await startTwo();

    const all = lastValueFrom(follower.hedge.stream('order.list', 9));
    await expect(all).rejects.toMatchObject({ code: 'HANDLER_ERROR' });

    const { 'stream order.list': sent, 'handle stream order.list': handled } = await spansCalled(
      'stream order.list',
      'handle stream order.list',
    );
    expect(exceptionsOf(handled)).toEqual(['no more']);
    expect(sent.attributes['error.type']).toBe('HANDLER_ERROR');
  });

  it('shows a message that nobody took', async () => {
    sdk.register();
    const { follower } = await startTwo();

    await expect(follower.hedge.send('order.lost', 1)).rejects.toMatchObject({
      code: 'NO_HANDLER',
    });

    const { 'send order.lost': sent } = await spansCalled('send order.lost');
    expect(sent.attributes['error.type']).toBe('NO_HANDLER');
  });

  it('begins with messages after an SDK that is set up after the app', async () => {
    const { follower } = await startTwo();
    await follower.hedge.send('order.none', 1);
    expect(sdk.spans).toEqual([]);

    sdk.register();
    await inSpan('request', () => follower.hedge.send('order.none', 1));

    const names = ['request', 'send order.none', 'handle send order.none'] as const;
    expectChain(...Object.values(await spansCalled(...names)));
  });

  it('has nobody left who writes it once the member is closed', async () => {
    const app = await start();
    const tracing = app.get(MessageTracing);
    const other = {} as MessageTracer;
    expect(() => tracing.use(other)).toThrow('imported twice');

    await app.close();

    expect(() => tracing.use(other)).not.toThrow();
  });
});

describe('a message of a member that sends no headers, or others than it should', () => {
  it.each([
    ['none', undefined],
    ['null', null],
    ['a text', 'traceparent'],
    ['a list', ['00-1-2-03']],
    ['a number for a text', { traceparent: 7 }],
    ['nonsense', { traceparent: '00-zz-zz-zz' }],
    ['far too much', { traceparent: 'x'.repeat(1_000_000) }],
    ['many', Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`h${n}`, 'x']))],
    ['names that are none', JSON.parse('{"__proto__":"x","constructor":"y","":"z"}')],
  ])('is handled all the same: %s', async (_, headers) => {
    sdk.register();
    const { leader, follower } = await startTwo();
    const { peers } = follower.app.get(HedgeMember, { strict: false });
    const request = { d: 1, t: '0', w: 5_000, h: headers };

    await peers.request(leader.hedge.id, 'leader:order.none', request, { timeout: 5_000 });
    const broadcast = { d: 1, w: 5_000, h: headers };
    await peers.request(leader.hedge.id, 'broadcast:order.drop', broadcast, { timeout: 5_000 });

    const spans = await spansCalled('handle send order.none', 'handle broadcast order.drop');
    for (const { parentSpanContext } of Object.values(spans)) {
      expect(parentSpanContext).toBeUndefined();
    }
  });
});

describe('HedgeOpenTelemetryModule', () => {
  it('is refused twice', async () => {
    const imports = [
      HedgeOpenTelemetryModule.forRoot(),
      HedgeOpenTelemetryModule.forRoot({ patterns: true }),
    ];
    const port = await freePort();
    await expect(group().startHttp(port, {}, { imports })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('once'),
    });
  });

  it('refuses options that are none', () => {
    const patterns = 'yes' as unknown as boolean;
    expect(() => HedgeOpenTelemetryModule.forRoot({ patterns })).toThrow('patterns');
  });
});
