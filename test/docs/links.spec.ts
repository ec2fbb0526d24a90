import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES, proseIn, textOf } from '../support/documents.js';

describe('the links of the docs', () => {
  it.each(PAGES)('lead to what is there: %s', (page) => {
    const broken = linksIn(textOf(page)).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });

  it('would be missed', () => {
    const text =
      '[a](b.md) [c](#what-does-it-promise) `[d](e)`\n\n```ts\n[f](g)\n```\n![h](<i j>) [k]\n\n[k]: l\n<a href="m">';
    expect(linksIn(text)).toEqual(['b.md', '#what-does-it-promise', 'i j', 'l', 'm']);
    expect(leadsSomewhere('README.md', 'docs')).toBe(true);
    expect(leadsSomewhere('README.md', 'dosc')).toBe(false);
    expect(leadsSomewhere('README.md', '#what-does-it-promise')).toBe(true);
    expect(leadsSomewhere('README.md', '#what-does-it-premise')).toBe(false);
  });

  it('make every page of docs/ one that the index leads to', () => {
    const linked = linksIn(textOf('docs/README.md')).map((link) =>
      join('docs', link.replace(/#.*/, '')),
    );
    const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
    expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

/** Without those that are only quoted. */
function linksIn(text: string): string[] {
  const prose = proseIn(text).replaceAll(/`[^`\n]*`/g, '');
  const link = /\]\(<?([^)>]+)>?\)|^ *\[[^\]]+\]: *(\S+)|\b(?:href|src)="([^"]*)"/gm;
  return [...prose.matchAll(link)].map(([, ...found]) => found.find(Boolean) ?? '');
}

function leadsSomewhere(page: string, link: string): boolean {
  if (URL.canParse(link)) return link.startsWith('https://');
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || (target.endsWith('.md') && anchorsOf(target).includes(anchor));
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...proseIn(textOf(page)).matchAll(/^#+ +(.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
