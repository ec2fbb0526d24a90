#!/usr/bin/env node
import { run } from './program.js';

for (const stream of [process.stdout, process.stderr]) {
  // A reader may stop early (`| head`). That is not a failure, and nobody reads a message.
  stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
}

// Without it, the database client may keep the process alive for a while after its close.
process.exit(await run(process.argv.slice(2)));
