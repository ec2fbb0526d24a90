/** A member in a process of its own that tells how much memory it takes, for tests that throw things at its port. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable, Module, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HedgeModule, HedgeService, OnLeaderMessage } from '../../src/index.js';
import { HedgeMember } from '../../src/member/index.js';

/** What the parent needs to greet it. */
export interface PortChild {
  readonly id: string;
  readonly store: string;
}

export interface PortReport {
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly connections: number;
  /** Everything that was logged. */
  readonly lines: string[];
}

const lines: string[] = [];
const record = (text: unknown) => void lines.push(String(text));
const logger: LoggerService = { log: () => undefined, warn: record, error: record };

@Injectable()
class Handlers {
  @OnLeaderMessage('echo')
  echo(data: unknown) {
    return data;
  }
}

@Module({
  imports: [
    HedgeModule.forRoot({
      database: 'sqlite::memory:',
      lockName: 'group',
      address: '127.0.0.1:0',
      secret: process.env['SECRET'],
    }),
  ],
  providers: [Handlers],
})
class AppModule {}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const app = await NestFactory.createApplicationContext(AppModule, { logger });
app.enableShutdownHooks();
await app.get(HedgeService).ready();
const { identity, server } = app.get(HedgeMember, { strict: false });
const sockets = Reflect.get(server.transport, 'openSockets') as Set<unknown>;

process.on('message', () => {
  collect();
  // What finalizers let go of is collected the second time.
  setImmediate(() => {
    collect();
    const heap = process.memoryUsage().heapUsed;
    process.send?.({ heap, connections: sockets.size, lines } satisfies PortReport);
  });
});
process.once('disconnect', () => process.exit());
process.send?.({ id: identity.id, store: identity.store } satisfies PortChild);
