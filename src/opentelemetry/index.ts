/**
 * Metrics and traces. Needs `@opentelemetry/api`.
 *
 * @module nestjs-hedge/opentelemetry
 */
export { HedgeOpenTelemetryModule } from './hedge-opentelemetry.module.js';
export type { HedgeOpenTelemetryOptions } from './hedge-opentelemetry.options.js';
