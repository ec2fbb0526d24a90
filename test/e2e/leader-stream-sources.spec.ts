import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Injectable,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { concatMap, NEVER, Observable, of, type Subscriber } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeService, HedgeStream, OnLeaderMessage, OnLeaderStream } from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { countedSource, readAll } from '../support/messaging/stream.readers.js';

/** What became of puts that were made when a handler was torn down. */
const put: unknown[] = [];
let source = countedSource();

beforeEach(() => {
  put.splice(0);
  source = countedSource();
});

/** Gives each value back in a later turn, and takes all that come meanwhile. */
class Queueing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(concatMap(nextTurn));
  }
}

function nextTurn(value: unknown): Promise<unknown> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

/** As ValidationPipe does, whatever the value is: of JSON it would make what the handler declared. */
class Instantiating implements PipeTransform {
  transform(value: unknown, { metatype = Object }: ArgumentMetadata): unknown {
    return metatype === Object ? value : new metatype();
  }
}

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('endless')
  endless() {
    return source;
  }

  @UseInterceptors(Queueing)
  @OnLeaderMessage('queued')
  queued() {
    return source;
  }

  @OnLeaderMessage('generator')
  async *generator() {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      await this.#putAtTheEnd();
    }
  }

  @OnLeaderMessage('observable')
  observable() {
    return new Observable((subscriber: Subscriber<number>) => {
      subscriber.next(0);
      return () => void this.#putAtTheEnd();
    });
  }

  @OnLeaderStream('echo')
  echo(@Payload() input: HedgeStream<unknown>) {
    return input;
  }

  @UsePipes(Instantiating)
  @OnLeaderStream('piped')
  piped(@Payload() input: HedgeStream<unknown>) {
    return input;
  }

  @UsePipes(Instantiating)
  @OnLeaderStream('piped observable')
  pipedObservable(input: Observable<unknown>) {
    return input;
  }

  async #putAtTheEnd(): Promise<void> {
    put.push(await this.hedge.put('key', 'late').catch((error: unknown) => error));
  }
}

describe('what a stream is made of', () => {
  const group = useGroup();
  let leader: App;
  let follower: App;

  beforeEach(async () => {
    await group().startMany(2, {}, [Handlers]);
    const settled = await group().settled();
    leader = settled.leader;
    [follower] = settled.followers;
  });

  it('leaves the leader its turns, even if it never waits and send asks for the last of it', async () => {
    const sending = follower.hedge.send('endless', 1, { timeout: 300 });
    await expect(sending).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect(source.returned).toHaveBeenCalledOnce(), SOON);
    expect(leader.hedge.isLeader()).toBe(true);
  });

  it('leaves them to an interceptor that queues, too', async () => {
    const values = follower.hedge.stream('queued', 1)[Symbol.asyncIterator]();
    expect(await values.next()).toEqual({ done: false, value: 0 });
    await values.return?.();
    await vi.waitFor(() => expect(source.returned).toHaveBeenCalledOnce(), SOON);
  });

  it.each(['generator', 'observable'])(
    'puts nothing after the term when it is torn down: %s',
    async (pattern) => {
      for (const { hedge } of [leader, follower]) {
        await hedge.stream(pattern, 1)[Symbol.asyncIterator]().next();
      }
      await leader.hedge.stepDown();
      await vi.waitFor(() => expect(put).toHaveLength(2), SOON);
      for (const error of put) expect(error).toMatchObject({ code: 'NOT_LEADER' });
    },
  );

  it('runs in the asynchronous context of whoever streams it', async () => {
    const scope = new AsyncLocalStorage<string>();
    for (const { hedge } of [leader, follower]) {
      const seen: unknown[] = [];
      async function* input() {
        try {
          for (;;) yield seen.push(scope.getStore());
        } finally {
          seen.splice(1, Infinity, scope.getStore());
        }
      }
      const values = scope.run('mine', () => hedge.stream('echo', input())[Symbol.asyncIterator]());
      await values.next();
      await values.return?.();
      await vi.waitFor(() => expect(seen).toEqual(['mine', 'mine']), SOON);
    }
  });

  it('is handed to handlers whole by pipes that make instances of what they declare', async () => {
    for (const pattern of ['piped', 'piped observable']) {
      expect(await readAll(follower.hedge.stream(pattern, of(1, 2)))).toEqual([1, 2]);
    }
  });

  it('is refused where one value is meant', async () => {
    for (const many of [NEVER, countedSource(), follower.hedge.stream('echo', 1)]) {
      const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('stream()') };
      await expect(follower.hedge.send('echo', many)).rejects.toMatchObject(refused);
      await expect(follower.hedge.broadcast('echo', many)).rejects.toMatchObject(refused);
    }
  });
});
