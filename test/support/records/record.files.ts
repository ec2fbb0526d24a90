/** The file in which a member's events stand, one line each. */
export const EVENTS_FILE = 'events.jsonl';

/** The file in which it stands how long something was held. */
export function intervalsFile(what: string): string {
  return `intervals-${what}.bin`;
}

/** Bytes of an interval there: token, from, to. */
export const INTERVAL_SIZE = 24;
