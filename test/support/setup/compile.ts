import { execFileSync } from 'node:child_process';

/**
 * Members of the e2e tests are processes of their own: they run what tsc made of the sources. Several projects of one run
 * ask for it; the first one has it done.
 */
export default function compile(): void {
  if (process.env['HEDGE_TESTS_COMPILED']) return;
  execFileSync('npx', ['tsc', '-p', 'test'], { stdio: 'inherit' });
  process.env['HEDGE_TESTS_COMPILED'] = 'true';
}
