import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import type { Block, MarkdownPage } from '../support/docs/markdown.page.js';
import { pageAt, PAGES } from '../support/docs/published.pages.js';

/**
 * The code of all pages as files, a folder a page. A block that begins with `// name.ts` is that file, for the other blocks
 * of its page to import; and any page may import `./app.module.js`, the app that the README begins with.
 */
export class DocumentedCode {
  readonly #folder: string;

  /** @param name of a folder for this user alone; below the package, which can then be imported by its name */
  constructor(name: string) {
    this.#folder = resolve('build/documented', name);
    rmSync(this.#folder, { recursive: true, force: true });
    this.#write('tsconfig.json', `{ "extends": "${resolve('tsconfig.json')}", "include": ["."] }`);
  }

  /** Writes the blocks of a page. @returns its files */
  filesOf(page: MarkdownPage): string[] {
    const [app] = pageAt('README.md').blocksIn('ts');
    const blocks = page.blocksIn('ts');
    checkNames(blocks);
    const files =
      blocks.length === 0
        ? []
        : [app, ...blocks].map((block) => this.fileOf({ ...block, page: page.path }));
    return [...new Set(files)];
  }

  /** The file of the block that has a text in it, beside all of its page and as JavaScript, too. */
  fileWith(text: string): string {
    const [file] = this.filesWith(text);
    if (file === undefined) throw new Error(`No page has a block with ${text}`);
    return file;
  }

  /** Those of all such blocks. */
  filesWith(text: string): string[] {
    const blocks = PAGES.flatMap((page) => page.blocksIn('ts'));
    return blocks
      .filter(({ code }) => code.includes(text))
      .map((block) => {
        for (const file of this.filesOf(pageAt(block.page))) {
          writeFileSync(asJavaScript(file), transpiled(ts.sys.readFile(file) ?? ''));
        }
        return this.fileOf(block);
      });
  }

  /** Writes a block into the folder of its page. @returns its file */
  fileOf(block: Block): string {
    return this.#write(join(block.page.replace(/\.md$/, ''), nameOf(block)), block.code);
  }

  #write(name: string, text: string): string {
    const file = join(this.#folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }
}

/** What the compiler says of files that meet the package as its users do, through its own exports. */
export function diagnosticsOf(
  files: readonly string[],
  options: ts.CompilerOptions = {},
): string[] {
  const program = ts.createProgram(files, {
    ...compilerOptions(),
    paths: {},
    noEmit: true,
    noUnusedParameters: false,
    ...options,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line =
      file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** The name of what a file is transpiled to. */
export function asJavaScript(file: string): string {
  return file.replace(/\.ts$/, '.js');
}

export function transpiled(code: string): string {
  const options = { ...compilerOptions(), module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions: options }).outputText;
}

/** @throws where two have the same: only the later one would be checked */
export function checkNames(blocks: readonly Block[]): void {
  const names = blocks.map(nameOf);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new Error(`${blocks[0].page} has several blocks for ${twice.join()}`);
}

function nameOf({ code, line }: Block): string {
  return /^\/\/ ([\w.-]+\.ts)$/m.exec(code.split('\n', 1)[0])?.[1] ?? `block-${line}.ts`;
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file));
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, '.').options;
}
