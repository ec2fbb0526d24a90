import { existsSync, readdirSync } from 'node:fs';

/** Below the folder of the machine's architecture. */
const library = (existsSync('/usr/lib') ? readdirSync('/usr/lib') : [])
  .map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file));

/** For tests with clocks that differ: says so once where there can be none. */
export const noFakeTime = library === undefined;

if (noFakeTime) {
  process.stderr.write('No clock is put ahead: that needs libfaketime (Debian: faketime).\n');
}

/** Puts a process's wall clock ahead, by ms, and leaves its monotonic one alone. */
export function clockAhead(ms: number): NodeJS.ProcessEnv {
  if (library === undefined) return {};
  return {
    LD_PRELOAD: library,
    FAKETIME: `+${ms / 1_000}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
