import { inspect } from 'node:util';

const LONGEST_TEXT = 80;

/** A value as a person recognises it, cut short. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0 });
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

/** A thrown value as text. An object without a prototype has no `toString`. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown, { depth: 0 });
}
