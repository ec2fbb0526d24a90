import { diag } from '@opentelemetry/api';
import { TELEMETRY_FAILED } from './opentelemetry.messages.js';

/** Reports a failure of the SDK to its own log. A failure loses a span or a count, but no message. */
export function guarded<R>(work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    diag.error(TELEMETRY_FAILED(error));
    return undefined;
  }
}
