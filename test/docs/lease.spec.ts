import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/hedge.options.js';
import { attemptTimeoutOf, guardOf, marginOf, remainingOf } from '../../src/session/lease.js';
import type { Cell } from '../support/docs/markdown.page.js';
import { pageAt } from '../support/docs/published.pages.js';

/** ms by `leaseDuration`, by a word of the row that tells it. */
const COMPUTED: Record<string, (lease: number) => number> = {
  '(a quarter)': attemptTimeoutOf,
  '(guard)': guardOf,
  '(margin)': marginOf,
  'session may be ended': (lease) => remainingOf(lease, 0),
  'at the latest': (lease) => lease + Math.max(500, 0.03 * lease),
  requestTimeout: (leaseDuration) => resolveOptions({ leaseDuration }, {}).requestTimeout,
};

describe('docs/choosing-a-lease.md', () => {
  const [{ head, rows }] = pageAt('docs/choosing-a-lease.md').tables;
  const leases = head.slice(1).map(numberIn);

  it.each(Object.entries(COMPUTED))('computes as the code does: %s', (word, computed) => {
    expect(leases).toContain(resolveOptions({}, {}).leaseDuration);
    const row = rows.find(([what]) => what.text.includes(word));
    expect(row?.slice(1).map(numberIn)).toEqual(leases.map(computed));
  });
});

function numberIn({ text }: Cell): number {
  return Number(text.replaceAll(/[^\d]/g, ''));
}
