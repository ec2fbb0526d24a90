import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { expect, it, vi } from 'vitest';
import {
  LockService,
  OnBroadcast,
  OnLeaderMessage,
  WithLock,
  type BroadcastReply,
  type Lock,
} from '../../src/index.js';
import { SOON, useGroup } from '../support/apps/hedge.apps.js';

const group = useGroup();

let othersSkipped!: () => void;
const othersHaveSkipped = new Promise<void>((resolve) => {
  othersSkipped = resolve;
});

const TICK = 'test:tick';
/** Found by its metadata and called on a timer, as `@Cron()` and `@Interval()` are. */
const Tick = (ms: number) => SetMetadata(TICK, ms);

class DenyMallory implements CanActivate {
  canActivate(context: { switchToRpc(): { getData(): unknown } }): boolean {
    return context.switchToRpc().getData() !== 'mallory';
  }
}

const Guarded = () => applyDecorators(UseGuards(DenyMallory));

@Injectable()
class Jobs {
  readonly held: (Lock | undefined)[] = [];
  ticks = 0;

  constructor(private readonly locks: LockService) {}

  @OnLeaderMessage('above')
  @Guarded()
  @WithLock((who: string) => `hello-${who}`)
  async above(@Payload() who: string): Promise<string> {
    return this.#hello(who);
  }

  @WithLock((who: string) => `hello-${who}`)
  @OnLeaderMessage('below')
  @Guarded()
  async below(@Payload() who: string): Promise<string> {
    return this.#hello(who);
  }

  @OnBroadcast('everywhere')
  @WithLock('everywhere', { onBusy: 'skip' })
  async everywhere(): Promise<string | undefined> {
    await othersHaveSkipped;
    return 'ran';
  }

  @WithLock('tick', { onBusy: 'skip' })
  @Tick(20)
  async tickBelow(): Promise<void> {
    this.ticks++;
  }

  #hello(who: string): string {
    this.held.push(this.locks.current);
    return `hello, ${who}`;
  }
}

@Injectable()
class Ticked {
  ticks = 0;

  @Tick(20)
  @WithLock('tick too')
  async tickAbove(): Promise<void> {
    this.ticks++;
  }
}

@Injectable()
class Ticker implements OnApplicationBootstrap, OnModuleDestroy {
  readonly errors: unknown[] = [];
  readonly #ticking: object[];
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(jobs: Jobs, ticked: Ticked) {
    this.#ticking = [jobs, ticked];
  }

  onApplicationBootstrap(): void {
    const scanner = new MetadataScanner();
    for (const instance of this.#ticking) {
      const prototype = Object.getPrototypeOf(instance) as Record<string, () => Promise<unknown>>;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const ms = Reflect.getMetadata(TICK, prototype[name]) as number | undefined;
        if (ms) this.#timers.push(setInterval(() => this.#run(prototype[name].call(instance)), ms));
      }
    }
  }

  /** Timers catch what their methods throw, as those of @nestjs/schedule do. */
  #run(run: Promise<unknown>): void {
    run.catch((error: unknown) => this.errors.push(error));
  }

  onModuleDestroy(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

const PROVIDERS = [Jobs, Ticked, Ticker];

it.each(['above', 'below'])('works with @OnLeaderMessage() %s', async (pattern) => {
  const [leader, follower] = await group().startMany(2, {}, PROVIDERS);
  expect(await follower.hedge.send(pattern, 'bob')).toBe('hello, bob');

  const { held } = leader.get(Jobs);
  expect(held.map((lock) => lock?.name)).toEqual(['hello-bob']);
  expect(held[0]?.isHeld()).toBe(false);
  await expect(follower.hedge.send(pattern, 'mallory')).rejects.toMatchObject({
    code: 'HANDLER_ERROR',
  });
  expect(held).toHaveLength(1);
  // What its name function refuses comes back as any other error of a handler.
  await expect(follower.hedge.send(pattern, 'a/b')).rejects.toMatchObject({
    code: 'HANDLER_ERROR',
  });
});

it('works above and below what finds methods by their metadata', async () => {
  const [one, other] = await group().startMany(2, {}, PROVIDERS);
  await vi.waitFor(() => {
    expect(one.get(Jobs).ticks + other.get(Jobs).ticks).toBeGreaterThan(3);
    expect(one.get(Ticked).ticks).toBeGreaterThan(0);
    expect(other.get(Ticked).ticks).toBeGreaterThan(0);
  }, SOON);
  expect([...one.get(Ticker).errors, ...other.get(Ticker).errors]).toEqual([]);
});

it('lets one of all members do what all are told to', async () => {
  const apps = await group().startMany(3, {}, [Jobs]);
  await vi.waitFor(() => expect(apps[0].hedge.members()).toHaveLength(3), SOON);
  const replies: BroadcastReply<string | undefined>[] = [];
  await apps[0].hedge.broadcastStream<string | undefined>('everywhere', null).forEach((reply) => {
    if (replies.push(reply) === 2) othersSkipped();
  });
  const results = replies.map((entry) => ('error' in entry ? entry.error.code : entry.reply));

  expect(results).toHaveLength(3);
  expect(results.filter((result) => result !== undefined)).toEqual(['ran']);
});
