import { EXPECTED, HedgeError } from '../errors/index.js';

/** The options of `HedgeOpenTelemetryModule.forRoot`. */
export interface HedgeOpenTelemetryOptions {
  /**
   * Whether message metrics have the attribute `hedge.pattern`, with a series for each pattern. Spans always have it.
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
