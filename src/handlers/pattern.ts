import { HedgeError } from '../errors/index.js';
import { INVALID_PATTERN } from './handlers.messages.js';
import { isRecord } from '../messaging/index.js';

/** The name of a message: a text or an object, as in Nest's `@MessagePattern()`. */
export type Pattern = string | { readonly [key: string]: string | number | Pattern };

/** Nest's own limits. Beyond them Nest gives different patterns the same route. */
const MAX_DEPTH = 5;
const MAX_KEYS = 20;

/**
 * The route of a pattern, as Nest makes it: objects with the same entries have the same route, in any order. Nest's
 * function is not exported; `pattern.spec.ts` compares the two. They differ in one point: keys are sorted by their code
 * units here, because members may run in different locales, by which Nest sorts.
 *
 * @throws HedgeError INVALID_ARGUMENT for a value that is no pattern, and for an object beyond Nest's limits
 */
export function routeOf(pattern: unknown): string {
  if (typeof pattern === 'string' || typeof pattern === 'number') return `${pattern}`;
  if (!isRecord(pattern)) {
    throw new HedgeError('INVALID_ARGUMENT', INVALID_PATTERN(String(pattern)));
  }
  return routeOfObject(pattern, 0);
}

/** The pattern in a route that travels under a prefix. */
export function patternOf({ route }: { readonly route: string }, prefix: string): string {
  return route.slice(prefix.length);
}

function routeOfObject(pattern: Record<string, unknown>, depth: number): string {
  const keys = Object.keys(pattern);
  if (depth > MAX_DEPTH || keys.length > MAX_KEYS) {
    throw new HedgeError(
      'INVALID_ARGUMENT',
      INVALID_PATTERN(`an object of more than ${MAX_DEPTH} levels or ${MAX_KEYS} keys`),
    );
  }
  const parts = keys
    .toSorted()
    .map((key) => `"${escaped(key)}":${routeOfValue(pattern[key], depth + 1)}`);
  return `{${parts.join(',')}}`;
}

function routeOfValue(value: unknown, depth: number): string {
  if (typeof value === 'string') return `"${escaped(value)}"`;
  return isRecord(value) ? routeOfObject(value, depth) : String(value);
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`);
}
