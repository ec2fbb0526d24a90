import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.js';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
/** Below the package, which can then be imported by its name. */
const folder = 'build/readme';

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Or they would be those of a folder above, which are not meant for it.
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};');
  writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../../tsconfig", "include": ["."] }');
});

describe('README.md', () => {
  it('has code that compiles against the package', () => {
    const files = blocks.map((code, index) => {
      const file = join(folder, fileOf(index));
      writeFileSync(file, code);
      return file;
    });
    expect(files.length).toBeGreaterThan(3);
    expect(diagnosticsOf(files)).toEqual([]);

    writeFileSync(files[1], `${blocks[1]}\nawait app.listen('x').nothing;`);
    expect(diagnosticsOf(files)).toHaveLength(1);
  });

  it('has an app that works, and specs that pass as they stand', () => {
    const specs = blocks.findIndex((code) => code.includes('nestjs-hedge/testing'));
    writeFileSync(join(folder, 'app.module.ts'), blocks[0]);
    writeFileSync(join(folder, 'orders.spec.ts'), blocks[specs]);
    expect(reportOf('orders.spec.ts')).toMatchObject({ numPassedTests: 3, numTotalTests: 3 });

    const broken = blocks[specs].replace("toEqual({ id: '9' })", "toEqual({ id: '8' })");
    writeFileSync(join(folder, 'broken.spec.ts'), broken);
    expect(reportOf('broken.spec.ts')).toMatchObject({ numPassedTests: 2, numFailedTests: 1 });
  });

  it('has a table that refuses an older token than the newest it has seen', () => {
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
    const code = blocks.find((block) => block.includes('class Balances')) ?? '';
    writeFileSync(join(folder, 'balances.js'), transpiled(code));

    expect(outputOf('balances-trial.js', trial)).toEqual([
      5,
      'Somebody who got the lock later has written mine',
      '7',
    ]);
  });

  it('has metrics that Prometheus can scrape, also after a change of leader', async () => {
    const block = blocks.find((code) => code.includes('PrometheusExporter')) ?? '';
    writeFileSync(join(folder, 'observed.module.js'), transpiled(block));
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

    const [one, other, text] = programOutput('observed-trial.js', trial) as string[];

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

  it('links to what is there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
  });

  it('lists every option', () => {
    const [, options] =
      /interface HedgeModuleOptions \{(.*?)\n\}/s.exec(apiOf('nestjs-hedge')) ?? [];
    const names = [...(options ?? '').matchAll(/^ +(\w+)\?:/gm)].map(([, name]) => name);
    expect(names).toContain('database');
    const listed: string[] = sectionOf('Options').match(/`\w+`/g) ?? [];
    expect(names.filter((name) => !listed.includes(`\`${name}\``))).toEqual([]);
  });

  it('lists every error with its status', () => {
    const codes = readFileSync('src/errors/hedge-error.codes.ts', 'utf8').matchAll(
      /^ +(\w+): (\d+),/gm,
    );
    const rows = sectionOf('Errors').split('\n');
    for (const [, code, status] of codes) {
      expect(rows.find((row) => row.includes(`\`${code}\``))).toContain(`| ${status} `);
    }
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

/** Runs specs of the folder as a user's runner does, in a process of its own: it knows nothing of this one. */
function reportOf(file: string): unknown {
  const env = Object.entries(process.env).filter(([name]) => !/VITE|NODE_ENV|^TEST/.test(name));
  const { stdout } = spawnSync(
    process.execPath,
    [resolve('node_modules/vitest/vitest.mjs'), 'run', '--reporter', 'json', file],
    { cwd: folder, encoding: 'utf8', timeout: 50_000, env: Object.fromEntries(env) },
  );
  return JSON.parse(stdout);
}

/** Runs something with the README's app, in a process of its own. @returns what its last line says in JSON */
function outputOf(file: string, trial: string): unknown {
  return programOutput(file, `${SET_UP}${trial}`);
}

/** Runs it beside the README's app. @returns what its last line says in JSON */
function programOutput(file: string, program: string): unknown {
  writeFileSync(join(folder, 'app.module.js'), transpiled(blocks[0]));
  writeFileSync(join(folder, file), transpiled(program));
  const output = execFileSync(process.execPath, [join(folder, file)], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

/** The first one is the app that others speak of. */
function fileOf(index: number): string {
  return index === 0 ? 'app.module.ts' : `block-${index}.ts`;
}

function transpiled(code: string): string {
  const options = { ...compilerOptions(), module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions: options }).outputText;
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file));
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, '.').options;
}

function diagnosticsOf(files: string[]): string[] {
  const program = ts.createProgram(files, {
    ...compilerOptions(),
    // Through the package's own exports, as users meet it.
    paths: {},
    noEmit: true,
    noUnusedParameters: false,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}

function sectionOf(title: string): string {
  return readme.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? '';
}

function apiOf(entry: string): string {
  return readFileSync(`test/package/api/${entry}.d.ts.txt`, 'utf8');
}
