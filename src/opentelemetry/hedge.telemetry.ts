import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { HedgeService } from '../hedge.service.js';
import type { MemberHealth } from '../member/index.js';
import type { MessageTracing } from '../messaging/index.js';
import { MemberMetrics } from './member.metrics.js';
import { OpenTelemetryTracer } from './opentelemetry.tracer.js';

/** The telemetry of a member, from its start to its end. */
export class HedgeTelemetry implements OnModuleInit, OnApplicationShutdown {
  readonly #metrics: MemberMetrics;
  readonly #tracer: OpenTelemetryTracer;
  #stop: () => void = () => undefined;

  constructor(
    private readonly hedge: HedgeService,
    member: MemberHealth,
    private readonly tracing: MessageTracing,
    patterns: boolean,
  ) {
    this.#metrics = new MemberMetrics(member, patterns);
    this.#tracer = new OpenTelemetryTracer(member);
  }

  /** Runs before the member starts, because the member may lead at once. */
  onModuleInit(): void {
    const untrace = this.tracing.use(this.#tracer);
    const unmeasure = this.#metrics.start();
    // When a member fails to start, Nest calls no hooks of the app.
    const ending = this.hedge.events$.subscribe({ complete: () => this.#stop() });
    this.#stop = () => {
      this.#stop = () => undefined;
      untrace();
      unmeasure();
      ending.unsubscribe();
    };
  }

  onApplicationShutdown(): void {
    this.#stop();
  }
}
