/// <reference lib="es2024.string" />
import { StoreError } from '../../errors/index.js';
import type { SqliteColumn } from './sqlite.driver.js';
import { NOT_AN_INTEGER, NOT_TEXT } from './sqlite.messages.js';

/**
 * Checks for a lone surrogate. It has no UTF-8, so it would come back as another character, or match another row.
 *
 * @returns the text
 * @throws `refused`
 */
export function checkText(column: string, text: string): string {
  if (!text.isWellFormed()) throw new StoreError('refused', NOT_TEXT(column));
  return text;
}

/** Text is selected as a blob, because libsql cuts text at a NUL. */
export function textOf(column: SqliteColumn): string {
  return column === null ? '' : column.toString();
}

export function textOrNothing(column: SqliteColumn): string | undefined {
  return column === null ? undefined : column.toString();
}

export function integerOf(column: SqliteColumn): bigint {
  if (typeof column === 'bigint') return column;
  throw new StoreError('invalid', NOT_AN_INTEGER(textOf(column)));
}
