import { describe, expect, it } from 'vitest';
import type { Screen } from './screen.js';
import { fittedWidths, tableText, visible } from './text.table.js';

const ROWS = [
  ['a', 'b', 'c'],
  ['x'.repeat(20), 'y'.repeat(30), 'zzz'],
];

function screen(width?: number): Screen {
  return { width, painted: (_style, text) => text };
}

describe('a table', () => {
  it.each([100, 57, undefined])('that fits into %s is as wide as what is in it', (width) => {
    expect(fittedWidths(ROWS, width)).toEqual([]);
    expect(tableText(screen(width), ROWS[0], ROWS.slice(1))).toBe(
      `A                     B                               C\n${ROWS[1].join('  ')}\n`,
    );
  });

  it.each([56, 40, 30, 22])('is cut to %i characters where it is widest', (width) => {
    const lines = tableText(screen(width), ROWS[0], ROWS.slice(1)).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines[1]).toMatch(/^x+…? +y+… +zzz$/);
  });

  it('keeps of each column what can still be recognised', () => {
    expect(Math.min(...fittedWidths(ROWS, 1))).toBe(5);
  });

  it('is laid out in parts when it is long: 20,000 rows do not take minutes', () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => [`${at}`, 'b']);
    const lines = tableText(screen(), ['at', 'b'], rows).trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('AT'))).toHaveLength(40);
    expect(lines.filter((line) => line.endsWith(' b'))).toHaveLength(20_000);
  });

  it('shows what others wrote as text, whatever it was meant to do', () => {
    expect(visible('a\u001b[2J\nb\u200f\u2028c 🦔')).toBe(
      'a\\u{1b}[2J\\u{a}b\\u{200f}\\u{2028}c 🦔',
    );
  });
});
