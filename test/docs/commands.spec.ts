import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MarkdownPage } from '../support/docs/markdown.page.js';
import { PAGES } from '../support/docs/published.pages.js';
import { commandsIn } from '../support/docs/shell.commands.js';
import { CLAIMS, claimOf } from './command-claims.js';

const commands = PAGES.flatMap((page) =>
  [...new Set([...page.commands, ...namedCommandsOf(page)])].map((command) => ({
    page: page.path,
    command,
  })),
);

describe('the commands of the docs', () => {
  it('are each claimed by somebody who checks them', () => {
    const unclaimed = commands.filter(({ page, command }) => !claimOf(page, command));
    expect(commands.length).toBeGreaterThan(10);
    expect(unclaimed).toEqual([]);
    expect(claimOf('README.md', 'rm -rf node_modules')).toBeUndefined();
  });

  const checked = commands.flatMap(({ page, command }) => {
    const claim = claimOf(page, command);
    return claim && 'check' in claim ? { page, command, check: claim.check } : [];
  });
  // Some stand on many pages: once is enough for what the page does not matter to.
  const faults = new Map<string, string>();
  it.each(checked)('do what they say: $page: $command', ({ page, command, check }) => {
    const key = check.length > 1 ? `${page} ${command}` : command;
    if (!faults.has(key)) faults.set(key, check(command, page));
    expect(faults.get(key)).toBe('');
  });

  it.each(CLAIMS)('are not claimed in vain: $command', (claim) => {
    const its = commands.filter(({ page, command }) => claimOf(page, command) === claim);
    expect(its).not.toEqual([]);
    if ('spec' in claim)
      expect(readFileSync(claim.spec, 'utf8')).toContain(`pageAt('${claim.page}').commands`);
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
  const claim = claimOf('README.md', command);
  return claim && 'check' in claim ? claim.check(command, 'README.md') : undefined;
}
