import { ConsoleLogger } from '@nestjs/common';

/** Cloud Logging's names for Nest's levels. */
const SEVERITY: Record<string, string> = {
  log: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** One JSON object a line in production, which Cloud Logging takes apart; text for people elsewhere. */
export class CloudLogger extends ConsoleLogger {
  constructor() {
    super({ json: process.env['NODE_ENV'] === 'production' });
  }

  protected override getJsonLogObject(
    ...[message, options]: Parameters<ConsoleLogger['getJsonLogObject']>
  ) {
    const severity = SEVERITY[options.logLevel] ?? 'DEBUG';
    return { severity, ...super.getJsonLogObject(message, options) };
  }
}
