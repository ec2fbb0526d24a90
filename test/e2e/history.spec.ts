import { describe, expect, it, vi } from 'vitest';
import type { HistoryOptions, LogReceipt } from '../../src/index.js';
import { onEveryStore, SOON, useGroup, type App } from '../support/apps/hedge.apps.js';

async function putAll(app: App, texts: string[]): Promise<LogReceipt[]> {
  const receipts: LogReceipt[] = [];
  for (const value of texts) receipts.push(await app.hedge.put('key', value));
  return receipts;
}

async function values(app: App, options?: HistoryOptions): Promise<string> {
  const entries = await app.hedge.history('key', options);
  return entries.map(({ value }) => value).join('');
}

describe('history', () => {
  onEveryStore((group) => {
    it('gives the versions of a key, newest first, or as asked', async () => {
      const [leader, follower] = await group().startMany(2);
      const [, b, , d] = await putAll(follower, ['a', 'b', 'c', 'd', 'e']);
      await leader.hedge.put('key2', 'x');
      await leader.hedge.put('ke', 'x');

      for (const app of [leader, follower]) {
        expect(await values(app)).toBe('edcba');
        expect(await values(app, { order: 'oldest' })).toBe('abcde');
        expect(await values(app, { limit: 2 })).toBe('ed');
        expect(await values(app, { limit: 2, order: 'oldest' })).toBe('ab');
        expect(await values(app, { before: d.timestamp })).toBe('cba');
        expect(await values(app, { after: b.timestamp })).toBe('edc');
        expect(await values(app, { after: b.timestamp, before: d.timestamp })).toBe('c');
        expect(await values(app, { after: d.timestamp, before: b.timestamp })).toBe('');
        expect(await values(app, { before: d.timestamp, order: 'oldest', limit: 1 })).toBe('a');
        expect(await app.hedge.get('key')).toMatchObject({ value: 'e' });
      }
    });

    it('gives receipts and entries the same nanoseconds', async () => {
      const [, follower] = await group().startMany(2);
      const receipts = await putAll(follower, ['a', 'b', 'c']);

      const entries = await follower.hedge.history('key', { order: 'oldest' });

      for (const { timestamp } of receipts) {
        expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      }
      const ofReceipts = receipts.map(({ id, timestamp }) => [id, timestamp]);
      expect(entries.map(({ id, timestamp }) => [id, timestamp])).toEqual(ofReceipts);
      const timestamps = receipts.map(({ timestamp }) => timestamp);
      expect(timestamps).toEqual(timestamps.toSorted((a, b) => (a < b ? -1 : 1)));
    });

    it('knows nothing of a key that was never put', async () => {
      const [, follower] = await group().startMany(2);

      expect(await follower.hedge.get('key')).toBeUndefined();
      expect(await follower.hedge.history('key')).toEqual([]);
    });

    it('may lag where it is allowed to, and catches up', async () => {
      const [leader] = await group().startMany(1);
      await putAll(leader, ['a', 'b']);

      await vi.waitFor(async () => {
        expect(await leader.hedge.get('key', { maxStaleness: 100 })).toMatchObject({ value: 'b' });
        expect(await values(leader, { maxStaleness: 100 })).toBe('ba');
      }, SOON);
    });

    it('is trimmed to the newest, but for what is still young', async () => {
      // Entries count as young for twice the requestTimeout.
      const [, follower] = await group().startMany(2, { requestTimeout: 500 });
      const { hedge } = follower;
      const put = (value: string) => hedge.put('key', value, { timeout: 1_000 });
      for (const value of 'abcdef') await put(value);
      expect(await hedge.trim('key', { keep: 1, ...SOON })).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      for (const value of 'gh') await put(value);

      expect(await hedge.trim('key', { keep: 4, ...SOON })).toBe(4);
      expect(await values(follower)).toBe('hgfe');
      expect(await hedge.trim('key', { keep: 1, ...SOON })).toBe(2);
      expect(await values(follower)).toBe('hg');
      expect(await hedge.trim('key', { keep: 1, ...SOON })).toBe(0);
      expect(await hedge.trim('nothing', { keep: 1, ...SOON })).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await hedge.trim('key', { keep: 1, ...SOON })).toBe(1);
      expect(await values(follower)).toBe('h');
    });
  });

  describe('refuses', () => {
    const group = useGroup();

    it.each([
      { limit: 0 },
      { limit: 1.5 },
      { limit: -1 },
      { limit: 2 ** 63 },
      { limit: '3' },
      { order: 'random' },
      { order: null },
      { before: 'yesterday' },
      { before: 17 },
      { after: '2026-01-01' },
      { after: '' },
      { maxStaleness: -1 },
      { maxStaleness: NaN },
      { maxStaleness: Infinity },
      { maxStaleness: '5' },
      { timeout: 0 },
      { signal: 'now' },
    ])('%o', async (options) => {
      const [app] = await group().startMany(1);

      const history = app.hedge.history('key', options as HistoryOptions);

      const [field] = Object.keys(options);
      await expect(history).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`\`${field}\``),
      });
    });

    it.each([0, -1, 1.5, 1e300, NaN, Infinity, '1', null, undefined])(
      'to keep %j entries at a trim',
      async (keep) => {
        const [leader, follower] = await group().startMany(2);
        await leader.hedge.put('key', 'value');

        for (const { hedge } of [leader, follower]) {
          const trim = hedge.trim('key', { keep: keep as number });
          await expect(trim).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
        await expect(leader.hedge.trim('key', undefined as never)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
        expect(await leader.hedge.get('key')).toBeDefined();
      },
    );
  });

  describe('with a signal', () => {
    const group = useGroup();

    it('is given up', async () => {
      const [app] = await group().startMany(1);
      const signal = AbortSignal.abort(new Error('enough'));

      for (const call of [
        app.hedge.get('key', { signal }),
        app.hedge.history('key', { signal }),
        app.hedge.trim('key', { keep: 1, signal }),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: signal.reason });
      }
    });
  });
});
