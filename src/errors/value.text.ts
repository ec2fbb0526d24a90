import { inspect } from 'node:util';

const LONGEST_TEXT = 80;

/** A value as a person recognises it, cut short. */
export function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(shortened(value))
    : shortened(inspect(value, { depth: 0 }));
}

/** A thrown value as text. An object without a prototype has no `toString`. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown, { depth: 0 });
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
