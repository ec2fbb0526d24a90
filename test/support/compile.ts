import { execFileSync } from 'node:child_process';

/** Members of the e2e tests are processes of their own: they run what tsc made of the sources. */
export default function compile(): void {
  execFileSync('npx', ['tsc', '-p', 'test'], { stdio: 'inherit' });
}
