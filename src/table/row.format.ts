import type { LockRow } from '../store/index.js';

/** The newest format of rows that this version reads, and the only one that it writes. */
export const ROW_FORMAT = 1;

/**
 * A row that a later version of this library wrote. This version cannot read it: it must not change the row, and takes all
 * that the row may hold as held (NEWER-ROWS-STAND).
 */
export class NewerRow {
  constructor(readonly format: number) {}
}

/** What a row says. `undefined`: no version wrote it. */
export type Reading<T> = T | NewerRow | undefined;

/**
 * The mark of a format, at the start of `writer`: `v2 `. Rows of format 1 have none, and cannot begin like this: a lease
 * begins with a digit, so does a slot (or with a sign), and neither the id of a session nor an address holds a space.
 */
const MARK = /^v(\d+) /;

/** @returns undefined where this version may read the row, and where there is none */
export function newerRowOf(row: Pick<LockRow, 'writer'> | undefined): NewerRow | undefined {
  const format = Number(MARK.exec(row?.writer ?? '')?.[1] ?? ROW_FORMAT);
  return format > ROW_FORMAT ? new NewerRow(format) : undefined;
}
