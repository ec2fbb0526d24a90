import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageAt, PAGES } from '../support/docs/published.pages.js';
import { hardWordsIn } from './hard.words.js';

/** Still to be rewritten. A page leaves this list with its last hard word, and no page comes back. */
const NOT_YET = [
  'docs/choosing-a-lease.md',
  'docs/failures.md',
  'docs/guarantees.md',
  'docs/leading.md',
  'docs/log.md',
  'docs/members.md',
  'docs/migrating-from-go-hedge.md',
  'docs/migrating-from-nestjs-schedule.md',
  'docs/migrating-from-redlock.md',
  'docs/options.md',
  'docs/security.md',
  'docs/shutdown.md',
  'docs/store.md',
  'docs/streams.md',
  'docs/telemetry.md',
  'sample/01-demo/README.md',
  'sample/02-pubsub-gke/README.md',
];

const messages = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.messages.ts'))
  .map((file) => join('src', file));

describe('plain English', () => {
  it.each(messages)('is in %s', (file) => {
    expect(hardWordsIn(readFileSync(file, 'utf8'))).toEqual([]);
  });

  it.each(PAGES.filter(({ path }) => !NOT_YET.includes(path)))('is in $path', ({ prose }) => {
    expect(hardWordsIn(prose)).toEqual([]);
  });

  it.each(NOT_YET)('is still to come in %s', (page) => {
    expect(hardWordsIn(pageAt(page).prose)).not.toEqual([]);
  });

  it('is told from what is hard to read', () => {
    const hard = 'Whoever asks waits anew, for it takes so many ms at the\nmost';
    expect(hardWordsIn(hard)).toHaveLength(5);
    expect(hardWordsIn('Waiters ask again, because it takes at most 5 ms.')).toEqual([]);
    expect(messages.length).toBeGreaterThan(20);
  });
});
