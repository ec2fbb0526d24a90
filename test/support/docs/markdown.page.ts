import { readFileSync } from 'node:fs';
import GithubSlugger from 'github-slugger';
import type { Nodes, RootContent, TableCell } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { commandsIn } from './shell.commands.js';

/** A block of code. */
export interface Block {
  /** The path of its page. */
  readonly page: string;
  /** Empty where it has none. */
  readonly language: string;
  readonly code: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
}

export interface Cell {
  /** As a reader sees it. */
  readonly text: string;
  /** The code in it, piece by piece. */
  readonly codes: readonly string[];
  /** The code that it begins with. */
  readonly leadingCode: string | undefined;
}

export interface Table {
  readonly head: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
}

type NodeOf<Type> = Extract<Nodes, { type: Type }>;

/** A page of the docs, or a section of it, as GitHub shows it to its readers. */
export class MarkdownPage {
  private constructor(
    /** From the top of the repository. */
    readonly path: string,
    private readonly content: readonly RootContent[],
  ) {}

  static read(path: string): MarkdownPage {
    return MarkdownPage.of(readFileSync(path, 'utf8'), path);
  }

  static of(text: string, path = 'page.md'): MarkdownPage {
    const { children } = fromMarkdown(text, {
      extensions: [gfm()],
      mdastExtensions: [gfmFromMarkdown()],
    });
    return new MarkdownPage(path, children);
  }

  /** However they are written: in lists, in quotations, fenced or indented. */
  get blocks(): Block[] {
    return this.#all('code').map(({ lang, value, position }) => ({
      page: this.path,
      language: lang ?? '',
      code: `${value}\n`,
      line: (position?.start.line ?? 0) + 1,
    }));
  }

  blocksIn(language: string): Block[] {
    return this.blocks.filter((block) => block.language === language);
  }

  /** The commands that its readers type, without comments: one text a command, however many lines it takes. */
  get commands(): string[] {
    return this.blocksIn('sh').flatMap(({ code }) => commandsIn(code));
  }

  /** The code in the midst of text, piece by piece. */
  get codes(): string[] {
    return codesIn(this.content);
  }

  /** Where its links and pictures lead. */
  get links(): string[] {
    return this.#all('link', 'image', 'definition').map(({ url }) => url);
  }

  /** The headings of a depth: `##` is 2. */
  headingsAt(depth: number): string[] {
    const headings = this.#all('heading').filter((heading) => heading.depth === depth);
    return headings.map((heading) => toString(heading));
  }

  /** Where links into the page lead. */
  get anchors(): string[] {
    const slugger = new GithubSlugger();
    return this.#all('heading').map((heading) => slugger.slug(toString(heading)));
  }

  /** The lines that it quotes. */
  get quotedLines(): string[] {
    return this.#all('blockquote').flatMap((quote) => toString(quote).split('\n'));
  }

  /** What is read, without all marks. */
  get text(): string {
    return this.content.map((node) => toString(node)).join('\n');
  }

  /** The same without code, which is not English. */
  get prose(): string {
    return this.#all('text')
      .map(({ value }) => value)
      .join('\n');
  }

  /** Pieces of HTML. */
  get html(): string[] {
    return this.#all('html').map(({ value }) => value);
  }

  get tables(): Table[] {
    return this.#all('table').map(({ children }) => {
      const [head, ...rows] = children.map((row) => row.children.map(cellOf));
      return { head, rows };
    });
  }

  /** The rows of all tables whose first cell begins with code. */
  get rowsOfCodes(): readonly (readonly Cell[])[] {
    const rows = this.tables.flatMap((table) => table.rows);
    return rows.filter(([first]) => first.leadingCode !== undefined);
  }

  /**
   * From this heading to the next of its depth, without it.
   * @throws where there is none
   */
  section(title: string): MarkdownPage {
    const first = this.content.findIndex(
      (node) => node.type === 'heading' && toString(node) === title,
    );
    const heading = this.content[first];
    if (heading?.type !== 'heading') throw new Error(`${this.path} has no section ${title}`);
    const rest = this.content.slice(first + 1);
    const length = rest.findIndex((node) => node.type === 'heading' && node.depth <= heading.depth);
    return new MarkdownPage(this.path, rest.slice(0, length < 0 ? rest.length : length));
  }

  #all<Type extends Nodes['type']>(...types: Type[]): NodeOf<Type>[] {
    return nodesIn(this.content, ...types);
  }
}

function cellOf(cell: TableCell): Cell {
  const [first] = cell.children;
  return {
    text: toString(cell),
    codes: codesIn(cell.children),
    leadingCode: first?.type === 'inlineCode' ? first.value : undefined,
  };
}

function codesIn(content: readonly RootContent[]): string[] {
  return nodesIn(content, 'inlineCode').map(({ value }) => value);
}

function nodesIn<Type extends Nodes['type']>(
  content: readonly RootContent[],
  ...types: readonly Type[]
): NodeOf<Type>[] {
  const isWanted = (node: Nodes): node is NodeOf<Type> => types.some((type) => type === node.type);
  return content.flatMap((node) => [...withDescendants(node)]).filter(isWanted);
}

function* withDescendants(node: Nodes): Generator<Nodes> {
  yield node;
  if ('children' in node) for (const child of node.children) yield* withDescendants(child);
}
