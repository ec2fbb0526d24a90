import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  HEDGE_OPTIONS,
  HedgeModule,
  HedgeService,
  LockService,
  type HedgeModuleOptions,
  type HedgeOptionsFactory,
} from '../../src/index.js';
import { spannerSchema } from '../../src/store/spanner/index.js';
import { SOON } from '../support/apps/hedge.apps.js';
import { freePort, isPortFree } from '../support/network/free.ports.js';
import { logs } from '../support/apps/recorded.logs.js';
import {
  createDatabase,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';

const OPTIONS: HedgeModuleOptions = { database: 'sqlite::memory:', leaseDuration: 1_000 };
const NEST = { logger: logs, abortOnError: false } as const;

let apps: INestApplicationContext[] = [];
beforeEach(() => logs.clear());
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

function appOf(...imports: (DynamicModule | Type)[]): Type {
  @Module({ imports })
  class AppModule {}
  return AppModule;
}

/** Bootstraps an app, which is closed after the test however far it came. */
async function start(...imports: (DynamicModule | Type)[]): Promise<INestApplicationContext> {
  // Without `init`: an app whose start fails can be closed too.
  const app = await NestFactory.create(appOf(...imports), NEST);
  apps.push(app);
  await app.init();
  return app;
}

async function expectToLead(app: INestApplicationContext): Promise<void> {
  const hedge = app.get(HedgeService);
  await hedge.ready(SOON);
  expect(hedge.isLeader()).toBe(true);
  await hedge.put('key', 'value');
  expect(await hedge.get('key')).toMatchObject({ value: 'value' });
}

function portOf(app: INestApplicationContext): number {
  return Number(/:(\d+)$/.exec(app.get(HedgeService).id)?.[1]);
}

describe('forRootAsync', () => {
  @Injectable()
  class Config implements HedgeOptionsFactory {
    readonly lockName = 'from config';

    async createHedgeOptions() {
      return { ...OPTIONS, lockName: this.lockName };
    }
  }

  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  it('takes useFactory with what is injected', async () => {
    const app = await start(
      HedgeModule.forRootAsync({
        imports: [ConfigModule],
        inject: [Config],
        useFactory: (config: Config) => config.createHedgeOptions(),
      }),
    );
    await expectToLead(app);
  });

  it('takes useClass', async () => {
    await expectToLead(await start(HedgeModule.forRootAsync({ useClass: Config })));
  });

  it('takes useExisting', async () => {
    const module = HedgeModule.forRootAsync({ imports: [ConfigModule], useExisting: Config });
    await expectToLead(await start(module));
  });

  it('holds options that arrive late to the same rules', async () => {
    const module = HedgeModule.forRootAsync({ useFactory: () => ({ leaseDuration: 5 }) });

    await expect(start(module)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('`leaseDuration`'),
    });
  });
});

describe('the module', () => {
  @Injectable()
  class User {
    constructor(readonly hedge: HedgeService) {}
  }
  @Module({ providers: [User] })
  class Feature {}

  it('is global', async () => {
    const app = await start(HedgeModule.forRoot(OPTIONS), Feature);

    expect(app.get(User, { strict: false }).hedge).toBe(app.get(HedgeService));
    expect(app.get(LockService)).toBeInstanceOf(LockService);
  });

  it.each([
    ['forRoot', HedgeModule.forRoot({ ...OPTIONS, isGlobal: false })],
    ['forRootAsync', HedgeModule.forRootAsync({ useFactory: () => OPTIONS, isGlobal: false })],
  ])('is not global where %s says so', async (_how, module) => {
    await expect(start(module, Feature)).rejects.toThrow(/resolve dependencies of the User/);

    @Module({ imports: [module], providers: [User] })
    class Own {}
    const app = await start(Own);
    expect(app.get(User, { strict: false }).hedge).toBeInstanceOf(HedgeService);
  });

  it('is refused twice in one app', async () => {
    const other = HedgeModule.forRoot({ ...OPTIONS, lockName: 'other' });

    await expect(start(HedgeModule.forRoot(OPTIONS), other)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('imported twice'),
    });
  });

  it('serves two apps of one process side by side', async () => {
    const [one, two] = await Promise.all([
      start(HedgeModule.forRoot(OPTIONS)),
      start(HedgeModule.forRoot(OPTIONS)),
    ]);

    await Promise.all([expectToLead(one), expectToLead(two)]);
    await one.close();
    await expectToLead(two);
  });
});

function ignore(): void {
  // A listener, that is all.
}

describe('an app', () => {
  const module = HedgeModule.forRoot(OPTIONS);

  it('may speak HTTP, and answers errors with their status', async () => {
    @Controller()
    class Api {
      constructor(private readonly hedge: HedgeService) {}

      @Get('key')
      get() {
        return this.hedge.get('');
      }

      @Get('send')
      send() {
        return this.hedge.send('nothing', 1);
      }

      @Get('leadership')
      leadership() {
        return this.hedge.leadership;
      }
    }
    @Module({ imports: [module], controllers: [Api] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, NEST);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    await expectToLead(app);
    const url = await app.getUrl();

    expect((await fetch(`${url}/key`)).status).toBe(400);
    const sent = await fetch(`${url}/send`);
    expect(sent.status).toBe(501);
    expect(await sent.json()).toMatchObject({ message: expect.stringContaining('nothing') });
    const leadership = await fetch(`${url}/leadership`);
    expect(await leadership.json()).toMatchObject({ token: expect.stringMatching(/^\d+$/) });
  });

  it('may be a context without HTTP', async () => {
    const app = await NestFactory.createApplicationContext(appOf(module), NEST);
    apps.push(app);

    await expectToLead(app);
  });

  it('may be a microservice', async () => {
    const app = await NestFactory.createMicroservice(appOf(module), {
      ...NEST,
      transport: Transport.TCP,
      options: { port: 0 },
    });
    apps.push(app);
    await app.listen();

    await expectToLead(app);
  });

  it('may be a testing module whose options are overridden', async () => {
    const builder = Test.createTestingModule({
      imports: [HedgeModule.forRoot({ database: 'projects/p/instances/i/databases/d' })],
    });
    const testing = await builder
      .overrideProvider(HEDGE_OPTIONS)
      .useValue(OPTIONS)
      .setLogger(logs)
      .compile();
    apps.push(testing);
    await testing.init();

    await expectToLead(testing);
  });

  it('warns that SIGTERM would cost the group a lease, unless somebody listens to it', async () => {
    process.removeAllListeners('SIGTERM');
    await expectToLead(await start(module));
    expect(logs.at('warn').join()).toContain('app.enableShutdownHooks()');

    logs.clear();
    process.on('SIGTERM', ignore);
    await expectToLead(await start(module));
    process.removeListener('SIGTERM', ignore);
    expect(logs.at('warn')).toEqual([]);
  });
});

describe('forRoot()', () => {
  let folder: string;
  let cwd: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    cwd = process.cwd();
    env = process.env;
    process.env = { ...env };
    folder = await mkdtemp(join(tmpdir(), 'hedge-default-'));
    process.chdir(folder);
  });
  afterEach(async () => {
    process.env = env;
    await Promise.all(apps.map((app) => app.close()));
    process.chdir(cwd);
    await rm(folder, { recursive: true });
  });

  it('takes the embedded store, and warns that it serves one machine', async () => {
    const app = await start(HedgeModule.forRoot());

    await expectToLead(app);
    expect(app.get(HedgeService).id).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(logs.at('warn').join()).toMatch(
      /embedded store \.\/hedge\.db.*processes of this machine/,
    );
  });

  it.each([
    ['NODE_ENV', 'production'],
    ['KUBERNETES_SERVICE_HOST', '10.0.0.1'],
  ])('is refused where %s is %s', async (name, value) => {
    process.env[name] = value;

    await expect(start(HedgeModule.forRoot())).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/`database`.*sqlite:/),
    });
  });
});

function at(address: string, options: HedgeModuleOptions = {}): Promise<INestApplicationContext> {
  return start(HedgeModule.forRoot({ ...OPTIONS, address, ...options }));
}

describe('the address', () => {
  it('may be IPv6', async () => {
    const app = await at('[::1]:0');

    await expectToLead(app);
    expect(app.get(HedgeService).id).toMatch(/^\[::1\]:\d+$/);
    expect(await isPortFree(portOf(app), '::1')).toBe(false);
  });

  it('may differ from what is bound', async () => {
    const app = await at('localhost:0', { listenHost: '0.0.0.0' });

    await expectToLead(app);
    expect(app.get(HedgeService).id).toMatch(/^localhost:\d+$/);
  });

  it('gets a host that others can dial where it names none', async () => {
    const app = await at(':0');

    expect(app.get(HedgeService).id).toMatch(/^[\d.]+:\d+$|^\[.+\]:\d+$/);
  });

  it('that is taken fails the start, and leaves nothing open', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;

    await expect(at(`127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(new RegExp(`127.0.0.1:${port}.*EADDRINUSE.*in use`)),
    });

    await apps[0].close();
    expect(() => apps[0].get(HedgeService).id).toThrow(
      expect.objectContaining({ code: 'NOT_RUNNING' }),
    );
    blocker.close();
    await once(blocker, 'close');
    await expectToLead(await at(`127.0.0.1:${port}`));
  });

  it('that this machine has not fails the start', async () => {
    await expect(at('192.0.2.1:0')).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('listenHost'),
    });
  });
});

/** Expects the start to fail, soon, and nothing of it to go on. */
async function failedStart(options: HedgeModuleOptions): Promise<unknown> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const begin = performance.now();
  const failure: unknown = await start(HedgeModule.forRoot({ ...options, address })).then(
    () => new Error('The app started'),
    (error: unknown) => error,
  );
  expect(performance.now() - begin).toBeLessThan(8_000);
  expect(await isPortFree(port)).toBe(true);
  await apps[0].close();
  return failure;
}

describe('a start on SQLite', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hedge-failing-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('fails on a file that is no database', async () => {
    const file = join(folder, 'notes.txt');
    await writeFile(file, 'This is not a database. '.repeat(1_000));

    expect(await failedStart({ database: `sqlite:${file}` })).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining(file),
    });
  });

  it('fails in a folder that is not there', async () => {
    const file = join(folder, 'no', 'such', 'folder', 'hedge.db');

    expect(await failedStart({ database: `sqlite:${file}` })).toMatchObject({
      code: 'STORE_INVALID',
    });
  });

  it('fails with a table name that is none', async () => {
    const database = 'sqlite::memory:';
    await expect(
      start(HedgeModule.forRoot({ database, lockTable: 'a"; DROP TABLE b' })),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(
      start(HedgeModule.forRoot({ database, lockTable: 'same', logTable: 'same' })),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('takes tables of other names', async () => {
    const names = { lockTable: 'hedge_locks', logTable: 'hedge_log' };
    await expectToLead(await start(HedgeModule.forRoot({ ...OPTIONS, ...names })));
  });
});

describe.skipIf(!findEmulator())('a start on Spanner', () => {
  const GROUP = { lockName: 'group', leaseDuration: 1_000 };
  let emulator: SpannerEmulator;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    emulator = await startEmulator({ faultInjection: process.env['EMULATOR_FAULTS'] === '1' });
    env = process.env;
    process.env = {
      ...env,
      SPANNER_EMULATOR_HOST: emulator.host,
      METADATA_SERVER_DETECTION: 'none',
    };
  });
  afterAll(async () => {
    process.env = env;
    await emulator?.stop();
  });

  it('fails without tables, soon, and says how to make them', async () => {
    const database = await createDatabase(emulator, { tables: false });

    const failure = await failedStart({ ...GROUP, database });

    expect(failure).toMatchObject({ code: 'STORE_INVALID' });
    for (const statement of spannerSchema()) {
      // The index is for speed alone.
      if (statement.includes('CREATE TABLE')) {
        expect((failure as Error).message).toContain(statement);
      }
    }
    expect((failure as Error).message).toContain('createTables');
  });

  it('creates the tables where it is told to, and finds them there the next time', async () => {
    const database = await createDatabase(emulator, { tables: false });

    const first = await start(HedgeModule.forRoot({ ...GROUP, database, createTables: true }));
    await expectToLead(first);
    await first.close();

    await expectToLead(await start(HedgeModule.forRoot({ ...GROUP, database })));
  });

  it('fails without the database', async () => {
    const database = 'projects/test-project/instances/test-instance/databases/nowhere';

    expect(await failedStart({ ...GROUP, database })).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringContaining('nowhere'),
    });
  });
});
