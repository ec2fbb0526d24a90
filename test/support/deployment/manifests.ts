import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Every document of a file. */
export function parsedYaml(text: string): unknown[] {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true });
  return Array.from(documents, (document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw fault;
    return document.toJS() as unknown;
  });
}

export function isManifest(document: unknown): document is Manifest {
  return typeof document === 'object' && document !== null && 'apiVersion' in document;
}

/** Every document of a file for `kubectl apply -f`. */
export function parsedManifests(text: string): Manifest[] {
  return parsedYaml(text) as Manifest[];
}

/**
 * What Kubernetes' schemas say of the manifests of each file: wrong types and values, fields that are missing, and fields
 * that do not exist. All files at once, for the compiler takes its time.
 */
export function schemaFaults(files: readonly (readonly Manifest[])[]): string[][] {
  const unknown = unknownFields(files);
  return files.map((manifests, at) => [...manifests.flatMap(valueFaults), ...unknown[at]]);
}

const require = createRequire(import.meta.url);

interface Model {
  validate(): void;
}

function valueFaults(manifest: Manifest): string[] {
  const { apiVersion, kind, metadata } = manifest;
  try {
    const models = require(`kubernetes-models/${apiVersion}`) as Record<
      string,
      new (manifest: Manifest) => Model
    >;
    new models[kind](manifest).validate();
    return [];
  } catch (error) {
    return [`${kind} ${metadata.name}: ${(error as Error).message}`];
  }
}

/** The schemas let through fields that they do not know, as a misspelt one is: the compiler does not. */
function unknownFields(files: readonly (readonly Manifest[])[]): string[][] {
  mkdirSync('build', { recursive: true });
  // Below the packages that it imports from.
  const folder = mkdtempSync(join('build', 'manifests-'));
  try {
    const paths = files.map((manifests, at) => {
      const path = join(folder, `${at}.ts`);
      writeFileSync(path, manifests.map(asTypedLiteral).join('\n'));
      return path;
    });
    const { NodeNext: module } = ts.ModuleKind;
    const options = { noEmit: true, strict: true, module, skipLibCheck: true, types: [] };
    const program = ts.createProgram(paths, options);
    return paths.map((path) =>
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(path))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function asTypedLiteral(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const type = `import('kubernetes-models/${apiVersion}').I${kind}`;
  return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
}
