import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
/** Below the package, which can then be imported by its name. */
const folder = 'build/readme';

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
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

  it('has an app that works, and can be tested as it says', () => {
    const trial = `
      import { Orders } from './app.module.js';
      const orders = app.get(Orders);
      const { accepted } = await orders.submit({ id: '7' });
      console.log(JSON.stringify([typeof accepted, await orders.find('7')]));
      await app.close();`;
    const program = `${blocks.find((code) => code.includes('@nestjs/testing'))}${trial}`;
    writeFileSync(join(folder, 'app.module.js'), transpiled(blocks[0]));
    writeFileSync(join(folder, 'trial.js'), transpiled(program));
    const output = execFileSync(process.execPath, [join(folder, 'trial.js')], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual(['string', { id: '7' }]);
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
