import { EXPECTED, HedgeError } from '../errors/index.js';

/** For `HedgeOpenTelemetryModule.forRoot`. */
export interface HedgeOpenTelemetryOptions {
  /**
   * Have metrics of messages tell apart the patterns (`hedge.pattern`): one series more for each. Spans always name them.
   * @default false
   */
  patterns?: boolean;
}

/** @throws HedgeError `INVALID_OPTIONS` */
export function resolvedOf(
  options: HedgeOpenTelemetryOptions,
): Required<HedgeOpenTelemetryOptions> {
  const { patterns = false } = options;
  if (typeof patterns === 'boolean') return { patterns };
  throw new HedgeError('INVALID_OPTIONS', EXPECTED('patterns', 'true or false', patterns));
}
