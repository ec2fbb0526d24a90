import { diag } from '@opentelemetry/api';
import { TELEMETRY_FAILED } from './opentelemetry.messages.js';

/** What fails in the SDK, or in what it was given, is told to its own log: it costs a trace or a count, and no message. */
export function guarded<R>(work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    diag.error(TELEMETRY_FAILED(error));
    return undefined;
  }
}
