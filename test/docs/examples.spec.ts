import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../support/network/free.ports.js';
import { asJavaScript, DocumentedCode, transpiled } from './documented.code.js';

const code = new DocumentedCode('examples');

describe('the examples of the docs', () => {
  it('are an app that works, and specs that pass as they stand', () => {
    const specs = code.fileWith("it('places orders'");
    expect(reportOf(specs)).toMatchObject({ numPassedTests: 3, numTotalTests: 3 });

    const broken = join(dirname(specs), 'broken.spec.ts');
    const text = readFileSync(specs, 'utf8');
    writeFileSync(broken, text.replace("toEqual({ id: '9' })", "toEqual({ id: '8' })"));
    expect(reportOf(broken)).toMatchObject({ numPassedTests: 2, numFailedTests: 1 });
  });

  it('are classes of which an app can be made, page by page', () => {
    const files = code.filesWith('@Injectable()');
    expect(files.length).toBeGreaterThan(5);
    const trial = `
      import { Test } from '@nestjs/testing';
      import { ScheduleModule } from '@nestjs/schedule';
      import { HedgeModule } from 'nestjs-hedge';
      import { hedgeTesting } from 'nestjs-hedge/testing';
      const started = [];
      for (const file of ${JSON.stringify(files.map(asJavaScript))}) {
        const classes = Object.values(await import(file)).filter((each) => typeof each === 'function');
        const providers = classes.filter((each) => Reflect.hasMetadata('__injectable__', each));
        const imports = [HedgeModule.forRoot(hedgeTesting().options), ScheduleModule.forRoot()];
        const module = await Test.createTestingModule({ imports, providers }).compile();
        const app = await module.createNestApplication().init();
        for (const each of providers) started.push(app.get(each).constructor.name);
        await app.close();
      }
      console.log(JSON.stringify(started));`;

    const started = outputBeside(files[0], trial) as string[];
    expect(started).toEqual(
      expect.arrayContaining(['Orders', 'Billing', 'Outbox', 'Stock', 'Teller']),
    );
  });

  it('are a table that refuses an older token than the newest it has seen', () => {
    const trial = `
      import Database from 'libsql';
      import { HedgeService, LockService } from 'nestjs-hedge';
      import { Balances, Teller } from './balances.js';
      const [hedge, locks] = [app.get(HedgeService), app.get(LockService)];
      const db = new Database(':memory:');
      const balances = new Balances(db);
      await new Teller(hedge, locks).set(balances, 'mine', 7);
      const late = await locks.acquire('account-mine');
      await late.release();
      const lock = await locks.acquire('account-mine');
      balances.write('mine', 6, lock);
      balances.write('mine', 5, lock);
      let refusal;
      try {
        balances.write('mine', 9, late);
      } catch (error) {
        refusal = error.message;
      }
      const entry = await hedge.get('balance/mine');
      console.log(JSON.stringify([db.prepare('SELECT amount FROM balance').get().amount, refusal, entry.value]));
      await app.close();`;

    expect(outputBeside(code.fileWith('class Balances'), SET_UP + trial)).toEqual([
      5,
      'Somebody who got the lock later has written mine',
      '7',
    ]);
  });

  it('are crons of one app in place of one a replica, with specs that pass', () => {
    const specs = code.fileWith("it('reminds each customer");
    expect(reportOf(specs)).toMatchObject({ numPassedTests: 2, numTotalTests: 2 });
  });

  it('are transfers that do not lose what others do meanwhile, and wait for none in the other direction', () => {
    const trial = `
      import { HedgeService, LockService } from 'nestjs-hedge';
      import { Transfers } from './transfers.js';
      const locks = app.get(LockService);
      const transfers = new Transfers(app.get(HedgeService), locks);
      for (const account of ['mine', 'yours']) {
        await locks.using(account, (lock) => transfers.set(account, 100, lock));
      }
      await Promise.all([
        ...Array.from({ length: 5 }, () => transfers.transfer('mine', 'yours', 10)),
        ...Array.from({ length: 5 }, () => transfers.transfer('yours', 'mine', 7)),
        transfers.transfer('mine', 'mine', 1),
      ]);
      const balances = [await transfers.balance('mine'), await transfers.balance('yours')];
      console.log(JSON.stringify(balances));
      await app.close();`;

    expect(outputBeside(code.fileWith('class Transfers'), SET_UP + trial)).toEqual([85, 115]);
  });

  it('are metrics that Prometheus can scrape, also after a change of leader', async () => {
    const trial = `
      import { Test } from '@nestjs/testing';
      import { HEDGE_OPTIONS, HedgeService } from 'nestjs-hedge';
      import { sqliteStore } from 'nestjs-hedge/sqlite';
      import { setTimeout as delay } from 'node:timers/promises';
      import { ObservedModule } from './observed.module.js';

      const store = sqliteStore(':memory:');
      async function start() {
        const module = Test.createTestingModule({ imports: [ObservedModule] });
        module.overrideProvider(HEDGE_OPTIONS).useValue({ store, leaseDuration: 1_000 });
        const app = await (await module.compile()).createNestApplication().init();
        await app.get(HedgeService).ready();
        return app;
      }
      const [first, second] = [await start(), await start()];
      const [one, other] = [first.get(HedgeService), second.get(HedgeService)];
      await one.stepDown();
      while (!other.isLeader()) await delay(10);
      await one.put('key', 'value');
      while (one.members().length < 2) await delay(10);
      const scraped = await fetch(\`http://localhost:\${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics\`);
      console.log(JSON.stringify([one.id, other.id, await scraped.text()]));
      await Promise.all([first.close(), second.close()]);
      await store.close();`;
    process.env['OTEL_EXPORTER_PROMETHEUS_PORT'] = `${await freePort()}`;

    const module = code.fileWith('PrometheusExporter');

    const [one, other, text] = outputBeside(module, trial) as string[];

    const valueOf = (name: string, id: string, ...labels: string[]) => {
      const wanted = ['hedge_group="hedge"', `hedge_member_id="${id}"`, ...labels];
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) && wanted.every((has) => line.includes(has)));
      expect(lines, name).toHaveLength(1);
      return Number(lines[0].split(' ').at(-1));
    };
    expect([valueOf('hedge_leader', one), valueOf('hedge_leader', other)]).toEqual([0, 1]);
    expect(valueOf('hedge_members', one)).toBe(2);
    expect(valueOf('hedge_terms_gained_total', one)).toBe(1);
    expect(valueOf('hedge_terms_gained_total', other)).toBe(1);
    const reason = 'hedge_loss_reason="stepped-down"';
    expect(valueOf('hedge_terms_lost_total', one, reason)).toBe(1);
    expect(valueOf('hedge_lease_remaining', other)).toBeGreaterThan(0);
    expect(valueOf('hedge_lease_remaining', other)).toBeLessThan(1);
    const kind = 'hedge_message_kind="put"';
    expect(valueOf('hedge_message_sent_duration_count', one, kind)).toBe(1);
    expect(valueOf('hedge_message_handled_duration_count', other, kind)).toBe(1);
    expect(valueOf('hedge_log_commit_entries_sum', other)).toBe(1);
  });
});

/** An app to try the blocks with. */
const SET_UP = `
  import { Test } from '@nestjs/testing';
  import { HEDGE_OPTIONS } from 'nestjs-hedge';
  import { hedgeTesting } from 'nestjs-hedge/testing';
  import { AppModule } from './app.module.js';
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(HEDGE_OPTIONS)
    .useValue(hedgeTesting().options)
    .compile();
  const app = await moduleRef.createNestApplication().init();`;

/** Runs specs as a user's runner does, in a process of its own: it knows nothing of this one. */
function reportOf(file: string): unknown {
  // Or it would be that of a folder above, which is not meant for it.
  writeFileSync(join(dirname(file), 'vitest.config.mjs'), 'export default {};');
  const env = Object.entries(process.env).filter(([name]) => !/VITE|NODE_ENV|^TEST/.test(name));
  const { stdout } = spawnSync(
    process.execPath,
    [resolve('node_modules/vitest/vitest.mjs'), 'run', '--reporter', 'json', basename(file)],
    { cwd: dirname(file), encoding: 'utf8', timeout: 50_000, env: Object.fromEntries(env) },
  );
  return JSON.parse(stdout);
}

/** Runs a program beside a file of a page, in a process of its own. @returns what its last line says in JSON */
function outputBeside(file: string, program: string): unknown {
  const trial = join(dirname(file), 'trial.js');
  writeFileSync(trial, transpiled(program));
  const output = execFileSync(process.execPath, [trial], { encoding: 'utf8', timeout: 30_000 });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
