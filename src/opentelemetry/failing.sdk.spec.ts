import {
  createNoopMeter,
  diag,
  metrics,
  propagation,
  trace,
  type Meter,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemberReports } from '../hedge.channels.js';
import type { MemberHealth } from '../member/member.health.js';
import { MessageTracing } from '../messaging/index.js';
import { MemberMetrics } from './member.metrics.js';
import { OpenTelemetryTracer } from './opentelemetry.tracer.js';

const failing = () => {
  throw new Error('the SDK is at fault');
};
const done = async () => 'done';
const refusing = async () => Promise.reject(new Error('refused'));
const member = { group: 'orders', id: 'a:1', instanceId: 'i' } as MemberHealth;
const reports = new MemberReports({ group: 'orders', id: 'a:1', instanceId: 'i' }, () => 0);

afterEach(() => {
  for (const api of [trace, propagation, metrics, diag]) api.disable();
});

/** What the SDK's failures were told to. */
function toldOf() {
  const error = vi.fn();
  diag.setLogger({ error, warn: vi.fn(), info: vi.fn(), debug: vi.fn(), verbose: vi.fn() });
  error.mockClear();
  return error;
}

/** Whatever fails beneath. */
async function messageThrough(): Promise<void> {
  const tracing = new MessageTracing(reports);
  tracing.use(new OpenTelemetryTracer(member));
  const error = toldOf();
  expect(await tracing.sent({ kind: 'put' }).call(done)).toBe('done');
  expect(await tracing.handled({ kind: 'put' }, { traceparent: 'x' }).call(done)).toBe('done');
  await expect(tracing.sent({ kind: 'put' }).call(refusing)).rejects.toThrow('refused');
  expect(error).toHaveBeenCalled();
}

describe('a message is sent and handled all the same', () => {
  it('where a propagator throws', async () => {
    propagation.setGlobalPropagator({ inject: failing, extract: failing, fields: () => [] });
    await messageThrough();
  });

  it('where no span can be begun', async () => {
    const tracer: Tracer = { startSpan: failing, startActiveSpan: failing };
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    await messageThrough();
  });

  it('where none can be ended', async () => {
    const span = { end: failing, recordException: failing } as unknown as Span;
    const tracer: Tracer = { startSpan: () => span, startActiveSpan: failing };
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    await messageThrough();
  });
});

it('what cannot be counted ends no process', () => {
  const error = toldOf();
  const noop = createNoopMeter();
  const meter: Meter = Object.assign(Object.create(noop) as Meter, {
    createCounter: () => ({ add: failing }),
  });
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
  const stop = new MemberMetrics(member, false).start();
  reports.tell('nestjs-hedge:leadership.gained', { token: 1n });
  expect(error).toHaveBeenCalledOnce();
  stop();
});
