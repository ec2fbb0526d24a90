import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  HedgeModule,
  HedgeService,
  LockService,
  type HedgeModuleOptions,
} from '../../src/index.js';

/** One real app that is a member. */
export interface App {
  readonly app: INestApplicationContext;
  readonly hedge: HedgeService;
  readonly locks: LockService;
  get<T>(type: Type<T>): T;
  close(): Promise<void>;
}

export const LEASE = 1_000;

/** Starts a real Nest app in this process, on the loopback and a free port unless told otherwise. */
export async function startApp(
  options: HedgeModuleOptions,
  providers: Type[] = [],
  controllers: Type[] = [],
): Promise<App> {
  @Module({
    imports: [
      HedgeModule.forRoot({
        address: '127.0.0.1:0',
        lockName: 'group',
        leaseDuration: LEASE,
        drainTimeout: 500,
        ...options,
      }),
    ],
    providers,
    controllers,
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  return {
    app,
    hedge: app.get(HedgeService),
    locks: app.get(LockService),
    get: (type) => app.get(type, { strict: false }),
    close: () => app.close(),
  };
}
