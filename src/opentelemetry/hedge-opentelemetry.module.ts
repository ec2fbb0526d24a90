import { Module, type DynamicModule } from '@nestjs/common';
import { HedgeService } from '../hedge.service.js';
import { MemberHealth } from '../member/index.js';
import { MessageTracing } from '../messaging/index.js';
import { resolvedOf, type HedgeOpenTelemetryOptions } from './hedge-opentelemetry.options.js';
import { HedgeTelemetry } from './hedge.telemetry.js';

/**
 * Metrics and traces of the member through the global providers of `@opentelemetry/api`, whether the SDK is set up before
 * or after the app. Import it once, in the root module beside `HedgeModule`.
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
