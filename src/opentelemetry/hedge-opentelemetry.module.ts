import { Module, type DynamicModule } from '@nestjs/common';
import { HedgeService } from '../hedge.service.js';
import { MemberHealth } from '../member/index.js';
import { MessageTracing } from '../messaging/index.js';
import { resolvedOf, type HedgeOpenTelemetryOptions } from './hedge-opentelemetry.options.js';
import { HedgeTelemetry } from './hedge.telemetry.js';

/**
 * Reports metrics and traces of this member to the global providers of `@opentelemetry/api`. The SDK may start before
 * or after the app. Import the module once, in the root module beside `HedgeModule`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     HedgeModule.forRoot({ database: 'sqlite:./hedge.db' }),
 *     HedgeOpenTelemetryModule.forRoot({ patterns: true }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({})
export class HedgeOpenTelemetryModule {
  /** @throws HedgeError `INVALID_OPTIONS` */
  static forRoot(options: HedgeOpenTelemetryOptions = {}): DynamicModule {
    const { patterns } = resolvedOf(options);
    const telemetry = {
      provide: HedgeTelemetry,
      inject: [HedgeService, MemberHealth, MessageTracing],
      useFactory: (...parts: [HedgeService, MemberHealth, MessageTracing]) =>
        new HedgeTelemetry(...parts, patterns),
    };
    return { module: HedgeOpenTelemetryModule, providers: [telemetry] };
  }
}
