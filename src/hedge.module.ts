import {
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DiscoveryModule, ModuleRef, ModulesContainer } from '@nestjs/core';
import { HedgeError } from './errors/index.js';
import { MemberExtensions, MemberLifecycle, HedgeMember, MemberHealth } from './member/index.js';
import { EMBEDDED_BY_DEFAULT, MODULE_TWICE } from './hedge.messages.js';
import {
  ConfigurableModuleClass,
  HEDGE_OPTIONS,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './hedge.module-definition.js';
import { resolveOptions, type HedgeModuleOptions, type ResolvedOptions } from './hedge.options.js';
import { HedgeService } from './hedge.service.js';
import { LeaderCheck, LeaderWork } from './leader/index.js';
import { LockService } from './lock/index.js';
import { HandlerExplorer, HandlerFactory } from './handlers/index.js';
import { MessageTracing, securePort } from './messaging/index.js';
import type { HedgeStore } from './store/index.js';
import { makeSpannerStore, makeSqliteStore } from './database/index.js';

/**
 * Makes the app a member of its group. Import it once, in the root module: it is global.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     HedgeModule.forRoot({
 *       database: 'projects/p/instances/i/databases/d', // or 'sqlite:./hedge.db' for a single machine
 *       lockName: 'orders', // the group
 *       address: ':7000', // the address that other members dial
 *       secret: process.env['HEDGE_SECRET'], // the same for all members
 *     }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    HandlerExplorer,
    HandlerFactory,
    {
      provide: HedgeMember,
      inject: [HEDGE_OPTIONS, HandlerExplorer, HandlerFactory],
      useFactory: makeMember,
    },
    {
      provide: MemberLifecycle,
      inject: [HedgeMember, ModuleRef],
      useFactory: (member: HedgeMember, modules: ModuleRef) =>
        new MemberLifecycle(
          member,
          member.options.store.kind !== 'ready',
          new MemberExtensions(member, modules),
        ),
    },
    {
      provide: HedgeService,
      inject: [HedgeMember, MemberLifecycle],
      useFactory: (member: HedgeMember, lifecycle: MemberLifecycle) =>
        new HedgeService(member, lifecycle),
    },
    {
      provide: LeaderCheck,
      inject: [HedgeMember],
      useFactory: ({ leader: { election, view, members }, id, state }: HedgeMember) =>
        new LeaderCheck({ election, view, members, id, notRunning: () => state.notRunning }),
    },
    {
      provide: LeaderWork,
      inject: [HedgeMember, LeaderCheck],
      useFactory: ({ leader, scope, messages }: HedgeMember, check: LeaderCheck) =>
        new LeaderWork(leader.election, scope, messages.running, check),
    },
    {
      provide: LockService,
      inject: [HedgeMember],
      useFactory: (member: HedgeMember) => member.locks.service,
    },
    {
      provide: MessageTracing,
      inject: [HedgeMember],
      useFactory: ({ tracing }: HedgeMember) => tracing,
    },
    {
      provide: MemberHealth,
      inject: [HedgeMember],
      useFactory: (member: HedgeMember) => new MemberHealth(member),
    },
  ],
  // Guards, decorated methods, health checks and telemetry of any module need the last four.
  exports: [HedgeService, LockService, LeaderCheck, LeaderWork, MemberHealth, MessageTracing],
})
export class HedgeModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  /** @internal */
  constructor(
    private readonly lifecycle: MemberLifecycle,
    private readonly member: HedgeMember,
    private readonly factory: HandlerFactory,
    private readonly modules: ModulesContainer,
  ) {
    super();
  }

  /** @throws HedgeError at the start of the app: `INVALID_OPTIONS`, `INVALID_HANDLER`, `STORE_INVALID` */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * As {@link forRoot}, with injected options: `useFactory`, `useClass` or `useExisting`.
   *
   * @example
   * ```ts
   * @Injectable()
   * class Settings {
   *   readonly database = process.env['DATABASE'];
   * }
   *
   * @Module({ providers: [Settings], exports: [Settings] })
   * class SettingsModule {}
   *
   * @Module({
   *   imports: [
   *     HedgeModule.forRootAsync({
   *       imports: [SettingsModule],
   *       inject: [Settings],
   *       useFactory: ({ database }: Settings) => ({ database, lockName: 'orders' }),
   *     }),
   *   ],
   * })
   * class AppModule {}
   * ```
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** Nest calls it. The member listens, opens the store, and takes part in elections. */
  async onApplicationBootstrap(): Promise<void> {
    this.#assertOnlyOne();
    await this.lifecycle.start();
    this.factory.announce(this.member.server);
  }

  /**
   * Nest calls it. The member releases the leadership and finishes running handlers. `put`, `send` and `get` still
   * work.
   */
  onModuleDestroy(): Promise<void> {
    return this.lifecycle.leave();
  }

  /** Nest calls it. The member releases everything that it holds, and closes its connections. */
  onApplicationShutdown(): Promise<void> {
    return this.lifecycle.close();
  }

  #assertOnlyOne(): void {
    const all = [...this.modules.values()].filter(({ metatype }) => metatype === HedgeModule);
    if (all.length > 1) throw new HedgeError('INVALID_OPTIONS', MODULE_TWICE);
  }
}

async function makeMember(
  given: HedgeModuleOptions | undefined,
  explorer: HandlerExplorer,
  factory: HandlerFactory,
): Promise<HedgeMember> {
  const options = resolveOptions(given);
  const security = await securePort(options.security, options.group);
  return new HedgeMember(options, await storeOf(options), { explorer, factory }, security);
}

async function storeOf({ store, tables }: ResolvedOptions): Promise<HedgeStore> {
  switch (store.kind) {
    case 'ready':
      return store.store;
    case 'spanner':
      return makeSpannerStore(store.database, tables);
    case 'sqlite':
      if (store.isDefault) new Logger('Hedge').warn(EMBEDDED_BY_DEFAULT(store.file));
      return makeSqliteStore(store.file, tables);
  }
}
