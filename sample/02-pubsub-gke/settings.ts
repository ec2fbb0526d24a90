import { isIPv6 } from 'node:net';
import type { HedgeModuleOptions } from 'nestjs-hedge';

/** What the app reads from its environment; `deployment_template.yaml` sets it. */
export class Settings {
  /** HTTP, for the probes. @default 3000 */
  readonly port: number;
  /** Where the commands come from: `projects/p/topics/t`, or `t` in the project of the database. */
  readonly topic: string;
  /** That the subscription is made in. `undefined`: as Google's libraries find it. */
  readonly project: string | undefined;
  readonly hedge: HedgeModuleOptions;

  constructor(env: NodeJS.ProcessEnv) {
    const database = env['DATABASE'];
    if (!database) {
      throw new Error('Set DATABASE: projects/<project>/instances/<instance>/databases/<database>');
    }
    this.project = /^projects\/([^/]+)\//.exec(database)?.[1];
    this.port = numberOf('PORT', env['PORT'] ?? '3000');
    this.topic = env['TOPIC'] ?? 'hedge-demo-pubctrl';
    if (!this.topic) throw new Error('Expected TOPIC to name a topic, or not to be set at all');
    this.hedge = {
      database,
      lockName: env['LOCK_NAME'] ?? 'hedge-demo',
      address: addressOf(env['POD_IP'], numberOf('HEDGE_PORT', env['HEDGE_PORT'] ?? '8080')),
      leaseDuration: numberOf('LEASE_DURATION', env['LEASE_DURATION'] ?? '10000'),
      // While it is being changed there are two, 'new,old': the first is used, both are accepted. The end of a line that a
      // file or an `echo` left is no part of them: a shell that reads the secret, to change it, drops it too.
      secret: env['HEDGE_SECRET']?.split(',').map((secret) => secret.trim()),
    };
  }
}

/** Without POD_IP the host is found. */
function addressOf(ip = '', port: number): string {
  return `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`Expected ${name} to be a whole number, got '${text}'`);
}
