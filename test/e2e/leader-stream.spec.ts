import {
  Controller,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  Catch,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import {
  concatMap,
  EMPTY,
  from,
  interval,
  map,
  NEVER,
  Observable,
  of,
  take,
  throwError,
} from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  HedgeContext,
  HedgeService,
  HedgeStream,
  OnLeaderMessage,
  OnLeaderStream,
} from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { countedSource, readAll } from '../support/messaging/stream.readers.js';
import { behindProxy } from '../support/network/proxied.member.js';

/** What handlers did, in order. */
const trace: unknown[] = [];
let source = countedSource();
let signals: AbortSignal[] = [];
/** How the inputs of handlers ended. */
let inputs: Promise<unknown>[] = [];
/** Lets the handler that is slow go on. */
let release: () => void = () => undefined;

beforeEach(() => {
  trace.splice(0);
  source = countedSource();
  signals = [];
  inputs = [];
});

class Doubling implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value) => Number(value) * 2));
  }
}

class Refusing implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Tracing implements PipeTransform {
  transform(value: unknown): unknown {
    trace.push(value instanceof HedgeStream ? 'a stream' : value);
    return value;
  }
}

@Catch(TypeError)
class Explaining implements ExceptionFilter {
  catch(error: TypeError): Observable<never> {
    return throwError(() => ({ explained: error.message }));
  }
}

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('list')
  list(count: number) {
    return from([...Array(count).keys()]);
  }

  @OnLeaderMessage('generate')
  async *generate(count: number) {
    for (let n = 0; n < count; n++) yield n;
  }

  @OnLeaderMessage('value')
  value(data: unknown) {
    return { data };
  }

  @OnLeaderMessage('endless')
  endless(@Payload() _data: unknown, @Ctx() context: HedgeContext) {
    signals.push(context.getSignal());
    return source;
  }

  @OnLeaderMessage('ticks')
  ticks() {
    return new Observable((subscriber) => {
      subscriber.add(interval(1).subscribe(subscriber));
      return () => trace.push('unsubscribed');
    });
  }

  @OnLeaderMessage('silent')
  silent() {
    trace.push('subscribed');
    return new Observable(() => () => trace.push('unsubscribed'));
  }

  @OnLeaderMessage('hang')
  hang(@Payload() _data: unknown, @Ctx() context: HedgeContext) {
    signals.push(context.getSignal());
    return new Promise(() => undefined);
  }

  @OnLeaderMessage('wait')
  async wait() {
    trace.push('waiting');
    await new Promise<void>((resolve) => (release = resolve));
    return 'done';
  }

  @OnLeaderMessage('fail')
  async *fail(kind: string) {
    yield 1;
    if (kind === 'rpc') throw new RpcException({ reason: 'out of stock' });
    throw new Error('a secret of the leader');
  }

  @OnLeaderStream('sum')
  async sum(@Payload() input: HedgeStream<number>, @Ctx() context: HedgeContext) {
    let sum = 0;
    for await (const number of input) sum += number;
    return { sum, by: this.hedge.id, pattern: context.getPattern(), for: context.getSender() };
  }

  @OnLeaderStream('echo')
  async *echo(@Payload() input: HedgeStream<unknown>) {
    for await (const value of input) yield value;
  }

  @OnLeaderStream({ op: 'map' })
  map(input: HedgeStream<number>) {
    return input.pipe(map((value) => value + 1));
  }

  @OnLeaderStream('swallow')
  swallow(@Payload() input: HedgeStream<unknown>, @Ctx() context: HedgeContext) {
    signals.push(context.getSignal());
    inputs.push(readAll(input));
    inputs.at(-1)?.catch(() => undefined);
    return NEVER;
  }

  @OnLeaderStream('slow')
  async slow(@Payload() input: HedgeStream<number>) {
    let count = 0;
    for await (const number of input) {
      trace[0] = Math.max(Number(trace[0] ?? 0), source.pulled - number);
      if (++count % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return count;
  }

  @OnLeaderStream('put')
  async *put(@Payload() input: HedgeStream<string>) {
    for await (const value of input) yield (await this.hedge.put('key', value)).key;
  }

  @OnLeaderStream('put observed')
  putObserved(input: HedgeStream<string>) {
    return input.pipe(
      concatMap(async (value) => {
        await new Promise<void>((resolve) => (release = resolve));
        await this.hedge.put('key', value).catch((error: unknown) => trace.push(error));
        return value;
      }),
    );
  }
}

@UseGuards(Refusing)
@Injectable()
class Guarded {
  @OnLeaderStream('guarded')
  guarded(input: HedgeStream<unknown>) {
    return input;
  }
}

@UseInterceptors(Doubling)
@UsePipes(Tracing)
@UseFilters(Explaining)
@Controller()
class Piped {
  @OnLeaderStream('piped')
  async *piped(@Payload() input: HedgeStream<number>) {
    for await (const value of input) {
      if (value < 0) throw new TypeError('below zero');
      yield value;
    }
  }

  @OnLeaderMessage('paced')
  paced() {
    return source;
  }
}

const PROVIDERS = [Handlers, Guarded];

describe('a stream', () => {
  const group = useGroup();

  async function startTwo(): Promise<{ leader: App; follower: App }> {
    await group().startMany(2, {}, PROVIDERS, [Piped]);
    const { leader, followers } = await group().settled();
    return { leader, follower: followers[0] };
  }

  describe.each(['the leader', 'a follower'])('from %s', (asker) => {
    async function start(): Promise<HedgeService> {
      const { leader, follower } = await startTwo();
      return (asker === 'the leader' ? leader : follower).hedge;
    }

    it('carries all that a handler returns, and send the last of it', async () => {
      const hedge = await start();
      const numbers = [...Array(1_000).keys()];
      expect(await readAll(hedge.stream('list', 1_000))).toEqual(numbers);
      expect(await readAll(hedge.stream('generate', 1_000))).toEqual(numbers);
      expect(await readAll(hedge.stream('value', { a: 1 }))).toEqual([{ data: { a: 1 } }]);
      expect(await hedge.send('list', 3)).toBe(2);
      expect(await hedge.send('generate', 3)).toBe(2);
      expect(await hedge.send('generate', 0)).toBeUndefined();
      const seen: unknown[] = [];
      await hedge.stream('generate', 10).forEach((value) => seen.push(value));
      expect(seen).toEqual(numbers.slice(0, 10));
    });

    it('carries what the caller streams', async () => {
      const hedge = await start();
      const sum = { sum: 45, by: expect.any(String), pattern: 'sum', for: hedge.id };
      const inputs$ = [countedSource(10), from([...Array(10).keys()]), new Set(Array(10).keys())];
      for (const input of inputs$) expect(await readAll(hedge.stream('sum', input))).toEqual([sum]);
      expect(await readAll(hedge.stream('sum', 7))).toEqual([{ ...sum, sum: 7 }]);
      expect(await hedge.send('sum', 7)).toEqual({ ...sum, sum: 7 });
      expect(await readAll(hedge.stream('echo', [1, 2]))).toEqual([[1, 2]]);
      expect(await readAll(hedge.stream('echo', 'text'))).toEqual(['text']);
      expect(await readAll(hedge.stream('echo', EMPTY))).toEqual([]);
      expect(await readAll(hedge.stream({ op: 'map' }, of(1, 2)))).toEqual([2, 3]);
      const many = countedSource(3_000);
      expect(await readAll(hedge.stream('echo', many))).toEqual([...Array(3_000).keys()]);
    });

    it('goes through guards, pipes, interceptors and filters', async () => {
      const hedge = await start();
      expect(await readAll(hedge.stream('piped', of(1, 2, 3)))).toEqual([2, 4, 6]);
      expect(trace).toEqual(['a stream']);
      await expect(readAll(hedge.stream('piped', of(1, -1)))).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        error: { explained: 'below zero' },
      });
      const input = countedSource();
      await expect(readAll(hedge.stream('guarded', input))).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
      });
      expect(input.pulled).toBe(0);
    });

    it('ends with what went wrong', async () => {
      const hedge = await start();
      await expect(readAll(hedge.stream('fail', 'rpc'))).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        error: { reason: 'out of stock' },
      });
      const masked = await readAll(hedge.stream('fail', 'other')).catch((error: unknown) => error);
      expect(masked).toMatchObject({ code: 'HANDLER_ERROR', message: 'Internal server error' });
      await expect(readAll(hedge.stream('nope', 1))).rejects.toMatchObject({ code: 'NO_HANDLER' });
      const plain = hedge.stream('value', of(1));
      await expect(readAll(plain)).rejects.toMatchObject({
        code: 'NO_HANDLER',
        message: expect.stringContaining('@OnLeaderStream'),
      });
      for (const wrong of [() => 1, Symbol('s'), 1n]) {
        await expect(readAll(hedge.stream('value', wrong))).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      }
      const bad = hedge.stream('value', 1, { timeout: -1 });
      await expect(readAll(bad)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });

    it('is paced by its reader, through an interceptor too', async () => {
      const hedge = await start();
      for (const pattern of ['endless', 'paced']) {
        source = countedSource();
        let consumed = 0;
        let ahead = 0;
        for await (const value of hedge.stream<number>(pattern, 1)) {
          expect(value).toBe(pattern === 'paced' ? 2 * consumed : consumed);
          consumed++;
          ahead = Math.max(ahead, source.pulled - consumed);
          if (consumed % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
          if (consumed === 2_000) break;
        }
        expect(ahead).toBeLessThanOrEqual(257);
        await vi.waitFor(() => expect(source.returned).toHaveBeenCalledOnce(), SOON);
      }
    });

    it('lives longer than its timeout once it has begun', async () => {
      const hedge = await start();
      const ticks = hedge.stream('ticks', 1, { timeout: 200 }).pipe(take(300));
      expect(await readAll(await valuesOf(ticks))).toHaveLength(300);
      const waiting = readAll(hedge.stream('wait', 1, { timeout: 200 }));
      await vi.waitFor(() => expect(trace).toContain('waiting'), SOON);
      await new Promise((resolve) => setTimeout(resolve, 300));
      release();
      expect(await waiting).toEqual(['done']);
    });

    it('tears its handler down within 100 ms of being left', async () => {
      const hedge = await start();
      const silent = hedge.stream('silent', 1).subscribe();
      await vi.waitFor(() => expect(trace).toEqual(['subscribed']), SOON);
      const at = performance.now();
      silent.unsubscribe();
      await vi.waitFor(() => expect(trace).toEqual(['subscribed', 'unsubscribed']), {
        timeout: 5_000,
        interval: 1,
      });
      expect(performance.now() - at).toBeLessThan(100);
    });

    it('ends with ABORTED by its signal, before and after it began', async () => {
      const hedge = await start();
      const controller = new AbortController();
      const { signal } = controller;
      const reading = readAll(hedge.stream('swallow', countedSource(), { signal }));
      await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);
      controller.abort('enough');
      await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
      await expect(inputs[0]).rejects.toMatchObject({ code: 'ABORTED' });
      expect(signals[0]?.aborted).toBe(true);
      const late = readAll(hedge.stream('list', 1, { signal }));
      await expect(late).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    });

    it('ends at both sides when the leader steps down, with CONNECTION_LOST', async () => {
      const hedge = await start();
      const { leader } = await group().settled();
      source = countedSource();
      const input = countedSource();
      const swallowed = readAll(hedge.stream('swallow', input));
      const iterator = hedge.stream('endless', 1)[Symbol.asyncIterator]();
      await iterator.next();
      await vi.waitFor(() => expect(input.pulled).toBeGreaterThan(1), SOON);
      const stepping = leader.hedge.stepDown();
      await expect(swallowed).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      await expect(readAll(iterator)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      await expect(inputs[0]).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      expect(input.returned).toHaveBeenCalledOnce();
      expect(source.returned).toHaveBeenCalledOnce();
      await stepping;
    });

    it('puts are bound to its term, wherever they are made', async () => {
      const hedge = await start();
      expect(await readAll(hedge.stream('put', countedSource(3, String)))).toEqual(
        Array(3).fill('key'),
      );
      const { leader } = await group().settled();
      const observed = hedge
        .stream('put observed', of('late'))
        .subscribe({ error: () => undefined });
      release = () => undefined;
      const idle = release;
      await vi.waitFor(() => expect(release).not.toBe(idle), SOON);
      await leader.hedge.stepDown();
      release();
      await vi.waitFor(() => expect(trace).toHaveLength(1), SOON);
      expect(trace[0]).toMatchObject({ code: 'NOT_LEADER' });
      observed.unsubscribe();
    });
  });

  it('of a hundred thousand values never runs ahead of a slow handler', async () => {
    const { follower } = await startTwo();
    source = countedSource(100_000, (n) => n);
    expect(await readAll(follower.hedge.stream('slow', source))).toEqual([100_000]);
    expect(trace[0]).toBeLessThanOrEqual(258);
  });

  it('is begun by the leader there is, and its input is read only there', async () => {
    const { leader, follower } = await startTwo();
    const input = countedSource(10);
    const stepping = leader.hedge.stepDown();
    const sums = await readAll(follower.hedge.stream('sum', input));
    expect(sums).toMatchObject([{ sum: 45 }]);
    expect(input.pulled).toBe(10);
    await stepping;
  });

  it('ends with NO_LEADER or TIMEOUT when nobody accepts it in time', async () => {
    const { follower, leader } = await startTwo();
    await leader.close();
    const closing = follower.close();
    const error = await readAll(follower.hedge.stream('list', 1, { timeout: 100 })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/NO_LEADER|NOT_RUNNING/) });
    await closing;
    await expect(readAll(follower.hedge.stream('list', 1))).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
  });

  it('is waited for at a shutdown, and cut after drainTimeout', async () => {
    const { leader, follower } = await startTwo();
    const finishing = readAll(follower.hedge.stream('wait', 1));
    await vi.waitFor(() => expect(trace).toContain('waiting'), SOON);
    const endless = readAll(follower.hedge.stream('swallow', NEVER));
    await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);
    const begunAt = performance.now();
    const closing = leader.close();
    release();
    expect(await finishing).toEqual(['done']);
    await expect(endless).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(490);
    await closing;
    await expect(inputs[0]).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('ends at the caller when a newer term is known, though the old leader only hangs', async () => {
    const { options, proxy } = await behindProxy();
    const leader = await group().start(options, PROVIDERS, [Piped]);
    await leader.hedge.ready(SOON);
    const follower = await group().start({}, PROVIDERS, [Piped]);
    await follower.hedge.ready(SOON);
    const input = countedSource();
    const reading = readAll(follower.hedge.stream('swallow', input));
    await vi.waitFor(() => expect(input.pulled).toBeGreaterThan(1), SOON);
    proxy.blackhole();
    await leader.hedge.stepDown();
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(input.returned).toHaveBeenCalledOnce();
    await proxy.close();
  });

  it('ends at the leader when its caller falls silent', async () => {
    const { options, proxy } = await behindProxy();
    const leader = await group().start(options, PROVIDERS, [Piped]);
    await leader.hedge.ready(SOON);
    const follower = await group().start({ candidate: false }, PROVIDERS, [Piped]);
    await follower.hedge.ready(SOON);
    await vi.waitFor(() => expect(leader.hedge.members()).toHaveLength(2), SOON);
    const reading = readAll(follower.hedge.stream('swallow', countedSource()));
    reading.catch(() => undefined);
    await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);
    proxy.blackhole();
    await expect(inputs[0]).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(signals[0]?.aborted).toBe(true);
    await expect(reading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await proxy.close();
  });

  it('tells the handler of a plain message that its caller gave up', async () => {
    const { follower } = await startTwo();
    const controller = new AbortController();
    const { signal } = controller;
    const sending = follower.hedge.send('hang', 1, { signal });
    await vi.waitFor(() => expect(signals).toHaveLength(1), SOON);
    expect(signals[0]?.aborted).toBe(false);
    controller.abort();
    await expect(sending).rejects.toMatchObject({ code: 'ABORTED' });
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true), SOON);
  });

  it('refuses two handlers for a pattern, of whatever kind', async () => {
    @Injectable()
    class Twice {
      @OnLeaderMessage('x')
      one() {}

      @OnLeaderStream('x')
      other() {}
    }
    await expect(group().start({}, [Twice])).rejects.toMatchObject({ code: 'INVALID_HANDLER' });
  });
});

/** An Observable's values, to iterate. */
async function valuesOf(values: Observable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  await values.forEach((value) => all.push(value));
  return all;
}
