import { shown } from './value.text.js';

export const EXPECTED = (field: string, expected: string, got: unknown) =>
  `Expected \`${field}\` to be ${expected}, got ${shown(got)}.`;

export const INVALID_NAME = (what: string, name: unknown) =>
  `Expected the ${what}'s name to be 1 to 1,000 characters of text without '#', '/' and NUL, got ${shown(name)}.`;

export const NOT_RUNNING_ANY_MORE = 'The member has shut down (onApplicationShutdown has run).';

export const TIMED_OUT = (what: string) =>
  `Timed out while ${what}. What was already sent may still happen.`;

export const ABORTED = (what: string) => `Given up by its signal while ${what}.`;
