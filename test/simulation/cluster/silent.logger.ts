import type { Logger } from '@nestjs/common';

export function silentLogger(): Logger {
  return { log: ignore, warn: ignore, error: ignore, debug: ignore } as unknown as Logger;
}

function ignore(): void {
  // What a member logs is no part of the protocol.
}
