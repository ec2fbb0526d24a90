import { ConsoleLogger } from '@nestjs/common';

/** What Nest says of itself while it starts: three times that is a lot to read past. */
const QUIET = [
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
];

/** One short line per message. */
export class DemoLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!QUIET.includes(String(rest.at(-1)))) super.log(message, ...rest);
  }

  protected override formatMessage(
    ...[level, message]: Parameters<ConsoleLogger['formatMessage']>
  ) {
    return `${level === 'log' ? '' : `${level.toUpperCase()} `}${String(message)}\n`;
  }
}
