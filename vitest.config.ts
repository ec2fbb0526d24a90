import { defineConfig } from 'vitest/config';

/** Where to write the counts for the machine that runs the tests; people read the default report. */
const summary = process.env['TEST_SUMMARY'];

/** Of the tests with real processes, those that ask what happens and not how soon: a busy machine does not matter to them. */
const UNTIMED = 'test/e2e/process-{command-line,crons,deployment,pubsub,streams}.spec.ts';

export default defineConfig({
  test: {
    // By default one of two cores stays idle; most of these tests wait rather than compute.
    maxWorkers: '100%',
    reporters: summary ? ['default', ['json', { outputFile: summary }]] : ['default'],
    projects: [
      {
        // What the specs import is loaded once: their own tests take less time than that.
        test: { name: 'unit', include: ['src/**/*.spec.ts'], isolate: false },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.spec.ts'],
          // It makes and drops objects by the million; a fifth of the time went to collecting them.
          execArgv: ['--max-semi-space-size=64'],
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.spec.ts'],
          globalSetup: ['test/support/setup/compile.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/!(process-)*.spec.ts', UNTIMED],
          globalSetup: ['test/support/setup/compile.ts'],
          setupFiles: ['test/support/setup/unhandled.rejections.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Real processes and real time: one cluster after the other, when the other tests are through.
          name: 'processes',
          include: ['test/e2e/process-*.spec.ts'],
          exclude: [UNTIMED],
          globalSetup: ['test/support/setup/compile.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // As users' own specs: against the built package.
        test: { name: 'samples', include: ['sample/**/*.spec.ts'] },
      },
      ...['package', 'docs', 'deployment'].map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.spec.ts`],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      })),
    ],
  },
});
