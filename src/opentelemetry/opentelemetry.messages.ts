import { textOf } from '../errors/index.js';

export const TELEMETRY_FAILED = (error: unknown) =>
  `The OpenTelemetry SDK failed, so the telemetry of nestjs-hedge is incomplete. ${textOf(error)}`;
