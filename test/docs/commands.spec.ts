import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MarkdownPage } from '../support/docs/markdown.page.js';
import { PAGES } from '../support/docs/published.pages.js';
import { commandsIn } from '../support/docs/shell.commands.js';
import { KNOWN_COMMANDS, knownCommand } from './known.commands.js';

const commands = PAGES.flatMap((page) =>
  [...new Set([...page.commands, ...namedCommandsOf(page)])].map((command) => ({
    page: page.path,
    command,
  })),
);

describe('the commands of the docs', () => {
  it('are each known, and checked', () => {
    const unknown = commands.filter(({ page, command }) => !knownCommand(page, command));
    expect(commands.length).toBeGreaterThan(10);
    expect(unknown).toEqual([]);
    expect(knownCommand('README.md', 'rm -rf node_modules')).toBeUndefined();
  });

  const checked = commands.flatMap(({ page, command }) => {
    const known = knownCommand(page, command);
    return known && 'check' in known ? { page, command, check: known.check } : [];
  });
  // Some stand on many pages: once is enough for what the page does not matter to.
  const faults = new Map<string, string>();
  it.each(checked)('do what they say: $page: $command', ({ page, command, check }) => {
    const key = check.length > 1 ? `${page} ${command}` : command;
    if (!faults.has(key)) faults.set(key, check(command, page));
    expect(faults.get(key)).toBe('');
  });

  it.each(KNOWN_COMMANDS)('are on some page: $command', (known) => {
    const its = commands.filter(({ page, command }) => knownCommand(page, command) === known);
    expect(its).not.toEqual([]);
    if ('spec' in known)
      expect(readFileSync(known.spec, 'utf8')).toContain(`pageAt('${known.page}').commands`);
  });

  it('are told apart by lines, but for what goes on', () => {
    const script = `a 'b # c\n"d' # e\n# f\n\ng \\\n  --h="i 'j' \\" # k"#l && m # n\n`;
    expect(commandsIn(script)).toEqual([`a 'b # c\n"d'`, `g \\\n  --h="i 'j' \\" # k"#l && m`]);
  });

  it('are refused where they would not work', () => {
    expect(faultOf('npm ci && npm run bnech')).toContain('bnech');
    expect(faultOf('npm install nestjs-hegde')).toContain('nestjs-hegde');
    expect(faultOf('npm ci && npx tsc -p sample/00-none')).toContain('sample/00-none');
    expect(faultOf('npm ci && node build/sample/01-demo/clutser.js')).toContain('clutser');
    expect(faultOf('npm ci && rm -rf node_modules')).toContain('rm -rf');
    expect(faultOf('npx nestjs-hedge status --databse sqlite:./hedge.db')).toContain('--databse');
    expect(faultOf('npx vitest run --project uint src/lock')).toContain('uint');
    expect(faultOf('npx vitest run --project unit src/lokc')).toContain('no such test');
    expect(faultOf('SIM_REPALY=2 npx vitest run test/simulation')).toContain('SIM_REPALY');
    expect(faultOf("npx nestjs-hedge status --json | jq '.groups['")).toContain('jq');
  });
});

/** The commands that a page names in the midst of its text. */
function namedCommandsOf({ codes }: MarkdownPage): string[] {
  return codes.filter((code) => /^(npm|npx (nestjs-hedge|vitest run)) [^…]+$/.test(code));
}

function faultOf(command: string): string | undefined {
  const known = knownCommand('README.md', command);
  return known && 'check' in known ? known.check(command, 'README.md') : undefined;
}
