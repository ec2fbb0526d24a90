import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
}

/** All that users are given to read, by paths from the top of the repository. */
export const PAGES: readonly string[] = [
  ...readdirSync('.').filter(isMarkdown),
  ...markdownIn('docs'),
  ...markdownIn('sample'),
];

const BLOCK = /^( *)```(\S*)\n(.*?)^\1```$/gms;

export function textOf(page: string): string {
  return readFileSync(page, 'utf8');
}

export function blocksOf(page: string, language?: string): Block[] {
  const blocks = blocksIn(page, textOf(page));
  return language === undefined ? blocks : blocks.filter((block) => block.language === language);
}

/** What a page has its readers type, without comments: one text a command, however many lines it takes. */
export function commandsOf(page: string): string[] {
  return blocksOf(page, 'sh').flatMap(({ code }) => commandsIn(code));
}

/** The same of the commands that a page names in the midst of its text. */
export function namedCommandsOf(page: string): string[] {
  return [...proseIn(textOf(page)).matchAll(/`((?:npm|npx nestjs-hedge) [^`\n…]+)`/g)].map(
    ([, command]) => command,
  );
}

export function blocksIn(page: string, text: string): Block[] {
  return [...text.matchAll(BLOCK)].map((found) => {
    const [, indent, language, code] = found;
    return {
      page,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, found.index).split('\n').length + 1,
    };
  });
}

/** All but the blocks. */
export function proseIn(text: string): string {
  return text.replaceAll(BLOCK, '');
}

/** Lines that a reader sees as code and `blocksIn` does not: in quotations, indented, in HTML, in fences of another kind. */
export function hiddenCodeIn(text: string): string[] {
  return proseIn(text).match(/^.*(?:```|~~~|<(?:pre|code)\b).*$|^(?: {4}| {0,3}\t).*$/gm) ?? [];
}

/** @param script sh, as far as pages need it: quotes, comments, and lines that go on after a backslash */
export function commandsIn(script: string): string[] {
  const token = /\\\n|\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<=^|\s)(#[^\n]*)|\n|[^]/g;
  const commands = [''];
  for (const [text, comment] of script.matchAll(token)) {
    if (text === '\n') commands.push('');
    else if (comment === undefined) commands[commands.length - 1] += text;
  }
  return commands.map((command) => command.trim()).filter(Boolean);
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
