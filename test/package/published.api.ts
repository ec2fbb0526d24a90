import { readFileSync } from 'node:fs';
import ts from 'typescript';

interface Entry {
  /** As users import it. */
  readonly name: string;
  /** Its declarations, in `dist`. */
  readonly file: string;
}

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};

/** The entries of the package. */
export const entries: readonly Entry[] = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === 'string' ? [] : [{ name: `nestjs-hedge${entry.slice(1)}`, file: target.types }],
);

const program = ts.createProgram(
  entries.map(({ file }) => file),
  {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    types: ['node'],
    skipLibCheck: true,
  },
);
export const checker = program.getTypeChecker();

/** Every export of a file, under the name it was declared with. */
export function exportsOf(file: string): ts.Symbol[] {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is missing: build first.`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
