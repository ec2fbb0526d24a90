import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');
const folder = 'build/readme';

describe('README.md', () => {
  it('has code that compiles against the package', () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    // The first one is the app that others speak of.
    const files = blocks.map((code, index) => {
      const file = join(folder, index === 0 ? 'app.module.ts' : `block-${index}.ts`);
      writeFileSync(file, code);
      return file;
    });
    expect(files.length).toBeGreaterThan(3);
    expect(diagnosticsOf(files)).toEqual([]);

    writeFileSync(files[1], `${blocks[1]}\nawait app.listen('x').nothing;`);
    expect(diagnosticsOf(files)).toHaveLength(1);
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

function diagnosticsOf(files: string[]): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  const program = ts.createProgram(files, {
    ...options,
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
