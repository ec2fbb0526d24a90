#!/usr/bin/env node
import { run } from './program.js';

for (const stream of [process.stdout, process.stderr]) {
  // Whoever reads may stop (`| head`): that is no failure, and there is nobody left to tell.
  stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
}

// Not by itself: the database client may keep the process alive for a while after it was closed.
process.exit(await run(process.argv.slice(2)));
