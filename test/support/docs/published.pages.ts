import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MarkdownPage } from './markdown.page.js';

/** All that users are given to read. */
export const PAGES: readonly MarkdownPage[] = [
  ...readdirSync('.').filter(isMarkdown),
  ...markdownIn('docs'),
  ...markdownIn('sample'),
].map((path) => MarkdownPage.read(path));

/** @throws where there is none */
export function pageAt(path: string): MarkdownPage {
  const page = PAGES.find((each) => each.path === path);
  if (!page) throw new Error(`There is no page ${path}`);
  return page;
}

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => isMarkdown(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .toSorted();
}

function isMarkdown(file: string): boolean {
  return file.endsWith('.md');
}
