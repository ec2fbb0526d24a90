import { context, metrics, propagation, trace, type Attributes } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';

class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** One series of a metric. */
export interface Series {
  readonly attributes: Attributes;
  /** Of a histogram: how many were recorded. */
  readonly value: number;
  /** Of a histogram: their sum. */
  readonly sum?: number;
}

/** OpenTelemetry's SDK, in this process and in memory. */
export class TelemetrySdk {
  readonly #exporter = new InMemorySpanExporter();
  readonly #reader = new OnDemandReader();
  readonly #tracers = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
  });
  readonly #meters = new MeterProvider({ readers: [this.#reader] });

  /** As an app does that sets it up. */
  register(): void {
    this.#tracers.register();
    metrics.setGlobalMeterProvider(this.#meters);
  }

  async end(): Promise<void> {
    trace.disable();
    metrics.disable();
    propagation.disable();
    context.disable();
    await Promise.all([this.#tracers.shutdown(), this.#meters.shutdown()]);
  }

  /** In the order in which they ended. */
  get spans(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  forget(): void {
    this.#exporter.reset();
  }

  async series(name: string): Promise<Series[]> {
    const { resourceMetrics } = await this.#reader.collect();
    const found = resourceMetrics.scopeMetrics
      .flatMap(({ metrics: all }) => all)
      .filter(({ descriptor }) => descriptor.name === name);
    return found.flatMap((metric) =>
      metric.dataPointType === DataPointType.HISTOGRAM
        ? metric.dataPoints.map(({ attributes, value }) => ({
            attributes,
            value: value.count,
            sum: value.sum ?? NaN,
          }))
        : metric.dataPoints.map(({ attributes, value }) => ({ attributes, value: Number(value) })),
    );
  }
}
