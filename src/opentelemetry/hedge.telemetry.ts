import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { HedgeService } from '../hedge.service.js';
import type { MemberHealth } from '../member/index.js';
import type { MessageTracing } from '../messaging/index.js';
import { MemberMetrics } from './member.metrics.js';
import { OpenTelemetryTracer } from './opentelemetry.tracer.js';

/** Follows one member from its start to its end. */
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

  /** Before the member starts: it may lead from its first moment on. */
  onModuleInit(): void {
    const untrace = this.tracing.use(this.#tracer);
    const unmeasure = this.#metrics.start();
    // A member that fails to start ends, and none of the app's hooks is called.
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
