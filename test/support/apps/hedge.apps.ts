import {
  Module,
  type INestApplicationContext,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest';
import {
  HedgeModule,
  HedgeService,
  LockService,
  type HedgeEvent,
  type HedgeModuleOptions,
} from '../../../src/index.js';
import type { HedgeStore } from '../../../src/store/index.js';
import { logs } from './recorded.logs.js';
import {
  MEMORY,
  STORE_KINDS,
  type StoreKind,
  type StorePlace,
} from '../stores/in-process.stores.js';

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

/** The root module of an app, on the loopback and a free port unless told otherwise. */
function rootModule(options: HedgeModuleOptions, parts: ModuleMetadata): Type {
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
      ...(parts.imports ?? []),
    ],
    providers: parts.providers,
    controllers: parts.controllers,
  })
  class AppModule {}

  return AppModule;
}

const NEST = { logger: logs, abortOnError: false } as const;

/** Starts a real Nest app in this process. */
export async function startApp(
  options: HedgeModuleOptions,
  providers: Provider[] = [],
  controllers: Type[] = [],
  imports: ModuleMetadata['imports'] = [],
): Promise<App> {
  const module = rootModule(options, { providers, controllers, imports });
  return asMember(await NestFactory.createApplicationContext(module, NEST));
}

/** The same, and it answers HTTP on a port of the loopback. */
export async function startHttpApp(
  port: number,
  options: HedgeModuleOptions,
  parts: ModuleMetadata,
): Promise<App> {
  const app = await NestFactory.create(rootModule(options, parts), NEST);
  await app.listen(port, '127.0.0.1');
  return asMember(app);
}

function asMember(app: INestApplicationContext): App {
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
    imports: ModuleMetadata['imports'] = [],
  ): Promise<App> {
    const app = await startApp(this.#placed(options), providers, controllers, imports);
    this.apps.push(app);
    return app;
  }

  async startHttp(port: number, options: HedgeModuleOptions, parts: ModuleMetadata): Promise<App> {
    const app = await startHttpApp(port, this.#placed(options), parts);
    this.apps.push(app);
    return app;
  }

  #placed(options: HedgeModuleOptions): HedgeModuleOptions {
    const isElsewhere = options.store !== undefined || options.database !== undefined;
    return { ...(isElsewhere ? {} : this.place.nextMember()), ...options };
  }

  /** One after the other: the first of them leads. Resolves when all know of a leader. */
  async startMany(
    count: number,
    options: HedgeModuleOptions = {},
    ...parts: [Provider[]?, Type[]?, ModuleMetadata['imports']?]
  ): Promise<App[]> {
    const started: App[] = [];
    for (let i = 0; i < count; i++) {
      const app = await this.start(options, ...parts);
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
