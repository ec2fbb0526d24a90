import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MarkdownPage } from '../support/docs/markdown.page.js';
import { pageAt, PAGES } from '../support/docs/published.pages.js';

describe('the links of the docs', () => {
  it.each(PAGES)('lead to what is there: $path', ({ path, links }) => {
    expect(links.filter((link) => !leadsSomewhere(path, link))).toEqual([]);
  });

  it('would be missed', () => {
    const { links } = MarkdownPage.of(
      '[a](b.md) [c](#what-does-it-promise) `[d](e)`\n\n```ts\n[f](g)\n```\n![h](<i j>) [k]\n\n[k]: l\n',
    );
    expect(links).toEqual(['b.md', '#what-does-it-promise', 'i j', 'l']);
    expect(leadsSomewhere('README.md', 'docs')).toBe(true);
    expect(leadsSomewhere('README.md', 'dosc')).toBe(false);
    expect(leadsSomewhere('README.md', '#what-does-it-promise')).toBe(true);
    expect(leadsSomewhere('README.md', '#what-does-it-premise')).toBe(false);
    expect(leadsSomewhere('README.md', 'http://example.com')).toBe(false);
  });

  it('make every page of docs/ one that the index leads to', () => {
    const linked = pageAt('docs/README.md').links.map((link) =>
      join('docs', link.replace(/#.*/, '')),
    );
    const pages = PAGES.map(({ path }) => path).filter(
      (path) => path.startsWith('docs/') && path !== 'docs/README.md',
    );
    expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

function leadsSomewhere(page: string, link: string): boolean {
  if (URL.canParse(link)) return /^(https:\/\/|http:\/\/localhost:)/.test(link);
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return (
    anchor === undefined || (target.endsWith('.md') && pageAt(target).anchors.includes(anchor))
  );
}
