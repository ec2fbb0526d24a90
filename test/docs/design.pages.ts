import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MarkdownPage } from '../support/docs/markdown.page.js';

/** Capitals with hyphens, as in DEADLINE-FROM-SEND. What has digits in it, such as the names of ciphers, is none. */
const RULE = /(?<![\w-])[A-Z]{2,}(?:-[A-Z]+)+(?![\w-])/g;

/** The rules that a page lays down, by their headings. */
export function rulesIn(page: MarkdownPage): string[] {
  return page.headingsAt(3);
}

/** The rules that a text names. */
export function rulesCitedIn(text: string): string[] {
  return [...new Set(text.match(RULE))];
}

/** The files and folders of the repository that a page names, whole paths or the ends of some. */
export function pathsIn(page: string): string[] {
  const folder = /(?<![\w/.-])(?:src|test|sample)(?:\/[\w.-]*\w)+/g;
  // Not those of a pattern, such as `*.spec.ts`.
  const file = /(?<![\w./*-])[\w./-]*\w\.(?:ts|md|js|json|yaml)\b/g;
  return [...new Set([...(page.match(folder) ?? []), ...(page.match(file) ?? [])])];
}

/** The names in pieces of code that are one name each: `#deadline`, `isLeader()`, `@LeaderOnly()`. */
export function symbolsIn(codes: readonly string[]): string[] {
  const names = codes.flatMap((code) => /^[#@]?([A-Za-z]\w*)(?:\([^)]*\))?$/.exec(code)?.[1] ?? []);
  return [...new Set(names)];
}

/** Those of them that are not there. Files beside a page may be named as a link does. */
export function missingFrom(paths: readonly string[], named: readonly string[]): string[] {
  const known = paths.map((path) => `/${path}`);
  const isThere = (name: string) => {
    const wanted = `/${name.replace(/^(?:\.\.?\/)+/, '')}`;
    return known.some((path) => path.endsWith(wanted) || path.startsWith(`${wanted}/`));
  };
  return named.filter((name) => !isThere(name));
}

/** All files of some folders, and those beside them. */
export function filesOf(folders: readonly string[]): string[] {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return [...readdirSync('.'), ...inFolders].filter((file) => !file.includes('node_modules'));
}
