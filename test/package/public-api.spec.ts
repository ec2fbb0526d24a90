import { resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { checker, entries, exportsOf } from './published.api.js';

/** Made by Nest, or of no use by themselves. */
const UNNAMED = [
  'ConfigurableModuleClass',
  'HedgeContextArgs',
  'AnyMethod',
  'AsyncMethod',
  'CronMethod',
  'LeaderOnlyMethod',
  'LockedMethod',
];

const printer = ts.createPrinter({ removeComments: true });

describe('the public API', () => {
  it.each(entries)('of $name is what was agreed on', async ({ name, file }) => {
    // Changed on purpose? `npx vitest run --project package -u` takes it over; say so in CHANGELOG.md.
    const snapshot = `./api/${name.replaceAll('/', '.')}.d.ts.txt`;
    await expect(declarationsOf(file)).toMatchFileSnapshot(snapshot);
  });

  it.each(entries)('of $name gives a name to every type it speaks of', ({ file }) => {
    expect(namelessTypesOf(file).filter((name) => !UNNAMED.includes(name))).toEqual([]);
  });

  it('is documented: every export says what it is for', () => {
    const silent = entries.flatMap(({ name, file }) =>
      exportsOf(file)
        .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
        .map((symbol) => `${name}: ${symbol.name}`),
    );
    expect(silent).toEqual([]);
  });
});

/** What users can see of a file's exports: no comments, and nothing that is private. */
function declarationsOf(file: string): string {
  const declarations = exportsOf(file).flatMap((symbol) =>
    (symbol.declarations ?? []).map((node) => printed(node)),
  );
  return `${declarations.join('\n')}\n`;
}

function printed(node: ts.Node): string {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const { transformed } = ts.transform(statement, [withoutPrivates]);
  return printer.printNode(ts.EmitHint.Unspecified, transformed[0], statement.getSourceFile());
}

const withoutPrivates: ts.TransformerFactory<ts.Node> = (context) => (node) =>
  ts.visitEachChild(node, (child) => (isPrivate(child) ? undefined : child), context);

function isPrivate(node: ts.Node): boolean {
  return (
    ts.isClassElement(node) &&
    ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 ||
      (node.name !== undefined && ts.isPrivateIdentifier(node.name)))
  );
}

/** Types of ours that the exports mention, and that nobody can import. */
function namelessTypesOf(file: string): string[] {
  const exported = new Set(entries.flatMap((entry) => exportsOf(entry.file)));
  const missing = new Set<string>();
  for (const symbol of exportsOf(file)) {
    for (const declaration of symbol.declarations ?? []) visit(declaration);
  }
  return [...missing].toSorted();

  function visit(node: ts.Node): void {
    if (isPrivate(node)) return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const name = ts.isTypeReferenceNode(node) ? node.typeName : node.expression;
      const found = checker.getSymbolAtLocation(name);
      const symbol =
        found && found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
      const isOurs = symbol?.declarations?.some((declaration) =>
        declaration.getSourceFile().fileName.startsWith(resolve('dist')),
      );
      const isParameter = symbol && (symbol.flags & ts.SymbolFlags.TypeParameter) !== 0;
      if (symbol && isOurs && !isParameter && !exported.has(symbol)) missing.add(symbol.name);
    }
    ts.forEachChild(node, visit);
  }
}
