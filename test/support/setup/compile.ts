import { build } from 'rolldown';

/**
 * Processes that tests start by the dozen. What they import is in the bundle, Nest too: a process that reads a few files in
 * place of a thousand takes a third of the time to start.
 */
const PROCESSES = [
  'support/member-app/member.main',
  'support/crowd/crowd.process',
  'support/messaging/messaging.process',
  'e2e/port-fuzz.process',
  'conformance/sqlite-processes.worker',
];

/** Programs of the samples, each file for itself, and with the packages that are installed. */
const PROGRAMS = ['01-demo/cluster', '01-demo/member', '02-pubsub-gke/local', '02-pubsub-gke/main'];

const TYPESCRIPT = {
  platform: 'node',
  tsconfig: 'tsconfig.json',
  // As Node runs them: the package promises bundlers of others that imports of its files have no effects.
  treeshake: false,
  // Nest asks for optional packages.
  checks: { unresolvedImport: false },
} as const;

/**
 * Members of the e2e tests are processes of their own, and processes cannot run TypeScript. Several projects of one run ask
 * for it; the first one has it done.
 */
export default async function compile(): Promise<void> {
  if (process.env['HEDGE_TESTS_COMPILED']) return;
  await Promise.all([bundleProcesses(), compileSamples()]);
  process.env['HEDGE_TESTS_COMPILED'] = 'true';
}

async function bundleProcesses(): Promise<void> {
  await build({
    ...TYPESCRIPT,
    input: byName(PROCESSES, (name) => `test/${name}.ts`),
    // A native module finds its binary beside it.
    external: 'libsql',
    output: {
      dir: 'build/test',
      chunkFileNames: 'chunks/[name].js',
      // Nest and error texts name classes.
      keepNames: true,
    },
  });
}

async function compileSamples(): Promise<void> {
  await build({
    ...TYPESCRIPT,
    input: byName(PROGRAMS, (name) => `sample/${name}.ts`),
    external: (id) => !isOfTheSample(id),
    output: { dir: 'build/sample', preserveModules: true, preserveModulesRoot: 'sample' },
  });
}

function byName(names: readonly string[], path: (name: string) => string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, path(name)]));
}

/** Its own files, and what the compiler adds to them for decorators. */
function isOfTheSample(id: string): boolean {
  return /^[./]|^sample\/|^@oxc-project\//.test(id);
}
