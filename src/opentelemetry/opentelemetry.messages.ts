import { textOf } from '../errors/index.js';

export const TELEMETRY_FAILED = (error: unknown) =>
  `Telemetry of nestjs-hedge is incomplete, for the SDK failed: ${textOf(error)}`;
