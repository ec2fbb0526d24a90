import Table from 'cli-table3';
import type { Screen } from './screen.js';

const GAP = 2;
/** A narrower column would be unreadable, so the line may break instead. */
const NARROWEST = 6;

const PARTS = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const;
const NO_LINES = Object.fromEntries(PARTS.map((part) => [part, '']));

/** Rows of a layout. Its time grows with their square. */
const PART = 500;

/** Columns under their titles, which repeat. On a narrow screen, the widest columns are cut off. */
export function tableText(
  screen: Screen,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const parts: string[] = [];
  for (let at = 0; at < rows.length; at += PART) {
    parts.push(partText(screen, titles, rows.slice(at, at + PART)));
  }
  return parts.join('\n');
}

function partText(
  screen: Screen,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const shown = rows.map((row) => row.map(visible));
  const table = new Table({
    head: titles.map((title) => screen.painted('dim', title.toUpperCase())),
    colWidths: fittedWidths([titles, ...shown], screen.width),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  });
  table.push(...shown);
  return `${table.toString().replaceAll(/ +$/gm, '')}\n`;
}

/** Text of others must not move the cursor or hide itself. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** Empty if everything fits: each column is then as wide as its content. */
export function fittedWidths(
  rows: readonly (readonly string[])[],
  width: number | undefined,
): number[] {
  const widths = rows[0].map((_, at) => GAP + Math.max(...rows.map((row) => row[at].length)));
  let excess = widths.reduce((sum, each) => sum + each, 0) - GAP - (width ?? Infinity);
  if (excess <= 0) return [];
  for (; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= NARROWEST + GAP) break;
    widths[widest]--;
  }
  return widths;
}
