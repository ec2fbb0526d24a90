import { Module, type INestApplicationContext, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest';
import {
  HedgeModule,
  HedgeService,
  LockService,
  type HedgeEvent,
  type HedgeModuleOptions,
} from '../../src/index.js';
import type { HedgeStore } from '../../src/store/index.js';
import { logs } from './recorded-logs.js';
import { MEMORY, STORE_KINDS, type StoreKind, type StorePlace } from './store-kinds.js';

/** One real app that is a member. */
export interface App {
  readonly app: INestApplicationContext;
  readonly hedge: HedgeService;
  readonly locks: LockService;
  /** Everything `events$` told since the start. */
  readonly events: HedgeEvent[];
  get<T>(type: Type<T>): T;
  close(): Promise<void>;
}

export const LEASE = 1_000;
/** Generous: on a busy machine what is awaited may come late, and only a failure waits for so long. */
export const SOON = { timeout: 15_000, interval: 10 };

/** Starts a real Nest app in this process, on the loopback and a free port unless told otherwise. */
export async function startApp(
  options: HedgeModuleOptions,
  providers: Provider[] = [],
  controllers: Type[] = [],
): Promise<App> {
  @Module({
    imports: [
      HedgeModule.forRoot({
        address: '127.0.0.1:0',
        lockName: 'group',
        leaseDuration: LEASE,
        // Calls outlast whatever a busy machine does to them; tests that want less say so.
        requestTimeout: 10_000,
        drainTimeout: 500,
        ...options,
      }),
    ],
    providers,
    controllers,
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: logs,
    abortOnError: false,
  });
  const hedge = app.get(HedgeService);
  const events: HedgeEvent[] = [];
  hedge.events$.subscribe((event) => events.push(event));
  return {
    app,
    hedge,
    locks: app.get(LockService),
    events,
    get: (type) => app.get(type, { strict: false }),
    close: () => app.close(),
  };
}

/** The apps of one test, which share a store. */
export class Group {
  readonly apps: App[] = [];

  constructor(readonly place: StorePlace) {}

  /** What tests look at the rows with, and change them by hand. */
  get store(): HedgeStore {
    return this.place.store;
  }

  async start(
    options: HedgeModuleOptions = {},
    providers: Provider[] = [],
    controllers: Type[] = [],
  ): Promise<App> {
    const isElsewhere = options.store !== undefined || options.database !== undefined;
    const store = isElsewhere ? {} : this.place.nextMember();
    const app = await startApp({ ...store, ...options }, providers, controllers);
    this.apps.push(app);
    return app;
  }

  /** One after the other: the first of them leads. Resolves when all know of a leader. */
  async startMany(
    count: number,
    options: HedgeModuleOptions = {},
    providers: Provider[] = [],
    controllers: Type[] = [],
  ): Promise<App[]> {
    const started: App[] = [];
    for (let i = 0; i < count; i++) {
      const app = await this.start(options, providers, controllers);
      await app.hedge.ready(SOON);
      started.push(app);
    }
    return started;
  }

  /** Resolves when exactly one leads and all the others know it. */
  async settled(): Promise<{ leader: App; followers: App[] }> {
    return vi.waitFor(async () => {
      const leaders = this.running().filter(({ hedge }) => hedge.isLeader());
      expect(leaders).toHaveLength(1);
      const [leader] = leaders;
      const followers = this.running().filter((app) => app !== leader);
      for (const { hedge } of followers) {
        expect(await hedge.leader({ timeout: 50 })).toBe(leader.hedge.id);
      }
      return { leader, followers };
    }, SOON);
  }

  running(): App[] {
    return this.apps.filter(({ hedge }) => isRunning(hedge));
  }

  async end(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    await this.place.remove();
  }
}

function isRunning(hedge: HedgeService): boolean {
  try {
    return hedge.id !== '';
  } catch {
    return false;
  }
}

/** Gives each test of the surrounding `describe` a group on a fresh store, and ends it afterwards. */
export function useGroup(kind: StoreKind = MEMORY): () => Group {
  let group: Group | undefined;
  beforeAll(() => kind.start());
  afterAll(() => kind.stop());
  beforeEach(async () => {
    logs.clear();
    group = new Group(await kind.makePlace());
  });
  afterEach(async () => {
    await group?.end();
    group = undefined;
  });
  return () => {
    if (!group) throw new Error('No test is running');
    return group;
  };
}

/** Runs the same tests on every store there is. */
export function onEveryStore(tests: (group: () => Group) => void): void {
  for (const kind of STORE_KINDS) {
    describe.skipIf(!kind.isAvailable)(`on ${kind.name}`, () => tests(useGroup(kind)));
  }
}
