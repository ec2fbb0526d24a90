import { shown } from './value.text.js';

export const EXPECTED = (field: string, expected: string, got: unknown) =>
  `Expected \`${field}\` to be ${expected}, got ${shown(got)}.`;

export const INVALID_NAME = (what: string, name: unknown) =>
  `Expected the ${what}'s name to be 1 to 1,000 characters of text without '#', '/' and NUL, got ${shown(name)}.`;

export const NOT_RUNNING_ANY_MORE =
  'This member has shut down: its `onApplicationShutdown` hook has run.';

/** @param what an activity: 'acquiring a lock' */
export const TIMED_OUT = (what: string) =>
  `Timed out while ${what}. A request that was already sent may still take effect.`;

/** @param what an activity: 'acquiring a lock' */
export const ABORTED = (what: string) => `The caller's signal aborted the call while ${what}.`;
