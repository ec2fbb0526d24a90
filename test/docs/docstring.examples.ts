import ts from 'typescript';
import { MarkdownPage, type Block } from '../support/docs/markdown.page.js';
import { entries, exportsOf } from '../package/published.api.js';

/** An example that a docstring of the public API shows. */
export interface Example extends Block {
  /** Of what: `HedgeService`, `HedgeService.put`. */
  readonly of: string;
}

/** What an app has at hand besides the package. Examples do not repeat its imports. */
const APP: Record<string, readonly string[]> = {
  '@google-cloud/spanner': ['Spanner'],
  '@nestjs/common': [
    'Controller',
    'Get',
    'type ExecutionContext',
    'type INestApplication',
    'Injectable',
    'Module',
    'Post',
    'UseGuards',
  ],
  '@nestjs/microservices': ['Ctx', 'Payload'],
  '@nestjs/schedule': ['Cron', 'ScheduleModule'],
  '@nestjs/terminus': ['HealthCheckService', 'TerminusModule'],
  '@nestjs/testing': ['Test'],
  'node:fs': ['readFileSync'],
  './app.module.js': ['AppModule'],
};

/** Those of all exports and their members. */
export function examplesOfApi(): Example[] {
  const symbols = new Set(entries.flatMap(({ file }) => exportsOf(file)));
  return [...symbols]
    .flatMap((symbol) => [
      ...shownBy(symbol, symbol.name),
      ...membersOf(symbol).flatMap((member) => shownBy(member, `${symbol.name}.${member.name}`)),
    ])
    .map((example, at) => ({ ...example, page: `${at}-${example.of}` }));
}

/** The code of an example with the imports that its reader adds: all that it names and does not declare. */
export function asModule({ code }: Block): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest);
  const named = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) named.add(node.text);
    if (ts.isClassDeclaration(node) && node.name) declared.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const missing = [...named].filter((name) => !declared.has(name));
  return `${importsOf(missing)}\n${code}\nexport {};\n`;
}

function membersOf({ members, exports }: ts.Symbol): ts.Symbol[] {
  return [...(members?.values() ?? []), ...(exports?.values() ?? [])];
}

function shownBy({ declarations = [] }: ts.Symbol, of: string): Example[] {
  return declarations.flatMap(commentsOf).flatMap((comment) => {
    const shown = comment.split(/^@example$/m).slice(1);
    return shown.map((text) => {
      const [block] = MarkdownPage.of(text, of).blocks;
      if (!block) throw new Error(`An example of ${of} is not in a fenced block`);
      return { ...block, of };
    });
  });
}

/** As they are written: the parser takes each decorator in an example for a tag. */
function commentsOf(node: ts.Node): string[] {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((comment) => comment.getText().replaceAll(/^ *(?:\/\*\*|\*\/|\* ?)/gm, ''));
}

function importsOf(names: readonly string[]): string {
  return [...packages()]
    .map(([from, known]) => {
      const wanted = known.filter((name) => names.includes(name.replace(/^type /, '')));
      return wanted.length === 0 ? '' : `import { ${wanted.join(', ')} } from '${from}';\n`;
    })
    .join('');
}

/** By what to import them from: all names that an example may use. */
function packages(): Map<string, readonly string[]> {
  const own = entries.map(({ name, file }) => [name, exportsOf(file).map(importOf)] as const);
  return new Map([...Object.entries(APP), ...own]);
}

function importOf({ name, flags }: ts.Symbol): string {
  return flags & ts.SymbolFlags.Value ? name : `type ${name}`;
}
