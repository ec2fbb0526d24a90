import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogReceipt } from '../../src/index.js';
import { keysBeginningWith } from '../../src/store/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { onEveryStore, SOON, useGroup, type App, type Group } from '../support/apps/hedge.apps.js';
import { behindProxy } from '../support/network/proxied.member.js';
import type { TcpProxy } from '../support/network/tcp.proxy.js';

const CALL = { timeout: 10_000 };

/** All values of a key, oldest first, as one strong read of the store shows them. */
async function valuesOf(app: App, key: string): Promise<string[]> {
  const entries = await app.hedge.history(key, { order: 'oldest', ...SOON });
  return entries.map(({ value }) => value);
}

/** Moves leadership again and again until told to stop. */
function moveLeadership(group: Group): { stop(): Promise<number> } {
  const stopped = new AbortController();
  const moving = (async () => {
    let moves = 0;
    while (!stopped.signal.aborted) {
      const { leader } = await group.settled();
      await leader.hedge.stepDown();
      moves++;
    }
    return moves;
  })();
  return {
    stop: () => {
      stopped.abort();
      return moving;
    },
  };
}

describe('put', () => {
  onEveryStore((group) => {
    it('is read by every member, whoever put it', async () => {
      const apps = await group().startMany(3);

      for (const { hedge } of apps) {
        const { id, key, timestamp } = await hedge.put('key', `by ${hedge.id}`);
        expect(key).toBe('key');
        for (const reader of apps) {
          expect(await reader.hedge.get('key')).toEqual({
            id,
            key,
            value: `by ${hedge.id}`,
            leader: apps[0].hedge.id,
            timestamp,
          });
        }
      }
    });

    it.each([
      ['an emoji family', '👩‍👩‍👧‍👦🏳️‍🌈'],
      ['NUL', 'a\0b\0'],
      ['right to left', 'مرحبا \u202Eabc'],
      ['combining marks', 'e\u0301 Z\u0351\u036B'],
      ['what looks like JSON, SQL and a path', `{"a":1}'; DROP TABLE logtable; -- ../%_/#`],
      ['noncharacters and line separators', '\uFFFF\uFFFE\u2028\u2029\uFEFF\u{10FFFF}'],
      ['a space at both ends', ' key '],
    ])('keeps keys and values of %s', async (_what, text) => {
      const [, follower] = await group().startMany(2);

      await follower.hedge.put(text, text);

      expect(await follower.hedge.get(text)).toMatchObject({ key: text, value: text });
      expect(await follower.hedge.get(text.normalize('NFC') + 'x')).toBeUndefined();
    });

    it('keeps values from none to a megabyte, through a follower', async () => {
      const [, follower] = await group().startMany(2);
      const large = 'ä€😀x'.repeat(200_000);

      for (const value of ['', large]) {
        await follower.hedge.put('key', value);
        const found = await follower.hedge.get('key');
        // Not by toEqual: what it would print of a difference is no help.
        expect(found?.value === value).toBe(true);
      }
    });

    it('puts hundreds of entries at once, from all members, each exactly once', async () => {
      const apps = await group().startMany(3);

      const receipts = await Promise.all(
        Array.from({ length: 500 }, (_, i) => apps[i % 3].hedge.put('key', `${i}`)),
      );

      const entries = await apps[1].hedge.history('key');
      expect(entries).toHaveLength(500);
      expect(new Set(entries.map(({ value }) => value)).size).toBe(500);
      const timestamps = new Map(entries.map(({ id, timestamp }) => [id, timestamp]));
      for (const { id, timestamp } of receipts) expect(timestamp).toBe(timestamps.get(id));
    });

    it('keeps the order of puts that were awaited, on whichever member', async () => {
      const apps = await group().startMany(3);
      const values = Array.from({ length: 30 }, (_, i) => `${i}`);

      for (const [i, value] of values.entries()) await apps[i % 3].hedge.put('key', value);

      expect(await valuesOf(apps[0], 'key')).toEqual(values);
    });

    it('loses, doubles and reorders nothing while leadership moves under load', async () => {
      const apps = await group().startMany(3);
      const moving = moveLeadership(group());
      const writers = apps.map(async ({ hedge }, member) => {
        const values: string[] = [];
        const until = performance.now() + 2_000;
        while (performance.now() < until) {
          const value = `${member}-${values.length}`;
          await hedge.put(`key ${member}`, value, SOON);
          values.push(value);
        }
        return values;
      });
      const shared: string[] = [];
      const until = performance.now() + 2_000;
      while (performance.now() < until) {
        await apps[shared.length % 3].hedge.put('shared', `${shared.length}`, SOON);
        shared.push(`${shared.length}`);
      }

      const written = await Promise.all(writers);
      expect(await moving.stop()).toBeGreaterThan(1);

      for (const [member, values] of written.entries()) {
        expect(await valuesOf(apps[0], `key ${member}`)).toEqual(values);
      }
      expect(await valuesOf(apps[0], 'shared')).toEqual(shared);
    });

    it('under a term is written in that term or not at all', async () => {
      const [first, second] = await group().startMany(2);
      const term = first.hedge.leadership!;

      await first.hedge.put('key', 'in time', { term });
      await first.hedge.stepDown();
      const { leader } = await group().settled();
      expect(leader).toBe(second);

      await expect(first.hedge.put('key', 'late', { term })).rejects.toMatchObject({
        code: 'NOT_LEADER',
        status: 503,
      });
      await expect(second.hedge.put('key', 'foreign', { term })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(await valuesOf(second, 'key')).toEqual(['in time']);
    });

    it('is not written once the fence of its term is gone, whatever the leader believes', async () => {
      const [leader] = await group().startMany(1);
      const term = leader.hedge.leadership!;
      const range = keysBeginningWith('hedge/spindle/lockname/group#');
      const [fence] = await group().store.rows({ range }, CALL);
      const deletion = { table: 'lock', op: 'delete', name: fence.name } as const;
      await vi.waitFor(() => group().store.commit([deletion], CALL), SOON);

      // Before any renewal may have told the leader.
      await expect(leader.hedge.put('key', 'late', { term })).rejects.toMatchObject({
        code: 'NOT_LEADER',
      });

      expect(term.signal.aborted).toBe(true);
      expect(await leader.hedge.get('key', SOON)).toBeUndefined();
    });
  });

  describe('in all its variants', () => {
    const group = useGroup();

    it.each([
      ['', 'INVALID_ARGUMENT'],
      [undefined, 'INVALID_ARGUMENT'],
      [null, 'INVALID_ARGUMENT'],
      [7, 'INVALID_ARGUMENT'],
      ['\uD83D', 'INVALID_ARGUMENT'],
      ['x\uDE00y', 'INVALID_ARGUMENT'],
      ['__hedge/', 'INVALID_ARGUMENT'],
      ['__hedge/cron/x', 'INVALID_ARGUMENT'],
      ['€'.repeat(1_366), 'PAYLOAD_TOO_LARGE'],
    ])('refuses %j as a key, everywhere', async (key, code) => {
      const [leader, follower] = await group().startMany(2);

      for (const { hedge } of [leader, follower]) {
        await expect(hedge.put(key as string, 'value')).rejects.toMatchObject({ code });
        await expect(hedge.get(key as string)).rejects.toMatchObject({ code });
        await expect(hedge.history(key as string)).rejects.toMatchObject({ code });
        await expect(hedge.trim(key as string, { keep: 1 })).rejects.toMatchObject({ code });
      }
    });

    it.each(['__hedge', '_hedge/x', 'x'.repeat(4_096), '€'.repeat(1_365)])(
      'takes %j as a key',
      async (key) => {
        const [leader] = await group().startMany(1);

        await leader.hedge.put(key, 'value');

        expect(await leader.hedge.get(key)).toMatchObject({ key });
      },
    );

    it.each([
      [undefined, 'INVALID_ARGUMENT'],
      [null, 'INVALID_ARGUMENT'],
      [{}, 'INVALID_ARGUMENT'],
      [1n, 'INVALID_ARGUMENT'],
      ['\uDC00', 'INVALID_ARGUMENT'],
      ['x'.repeat(2_621_441), 'PAYLOAD_TOO_LARGE'],
    ])('refuses as a value what is no text of bearable size (case %#)', async (value, code) => {
      const [leader, follower] = await group().startMany(2);

      for (const { hedge } of [leader, follower]) {
        await expect(hedge.put('key', value as string)).rejects.toMatchObject({ code });
        expect(await hedge.get('key')).toBeUndefined();
      }
    });

    it('takes the largest value there may be', async () => {
      const [, follower] = await group().startMany(2);
      const value = 'x'.repeat(2_621_440);

      await follower.hedge.put('key', value);

      expect((await follower.hedge.get('key'))?.value.length).toBe(value.length);
    });

    it('refuses a timeout beyond the window in which trim() spares its entry', async () => {
      const [leader] = await group().startMany(1, { requestTimeout: 2_000 });

      await expect(leader.hedge.put('key', 'value', { timeout: 4_001 })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('4000 ms'),
      });
      await leader.hedge.put('key', 'value', { timeout: 4_000 });
    });

    it('refuses a term that is none', async () => {
      const [leader] = await group().startMany(1);
      const { token, signal, since } = leader.hedge.leadership!;

      const put = leader.hedge.put('key', 'value', { term: { token, signal, since } });

      await expect(put).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });

    it('gives up when its signal is aborted already', async () => {
      const [leader, follower] = await group().startMany(2);

      for (const { hedge } of [leader, follower]) {
        const put = hedge.put('key', 'value', { signal: AbortSignal.abort() });
        await expect(put).rejects.toMatchObject({ code: 'ABORTED' });
      }
      const term = leader.hedge.leadership;
      const bound = leader.hedge.put('key', 'value', { term, signal: AbortSignal.abort() });
      await expect(bound).rejects.toMatchObject({ code: 'ABORTED' });
      await leader.hedge.put('another key', 'value');
      expect(await leader.hedge.get('key')).toBeUndefined();
    });

    it('is written with the others that wait, in few commits', async () => {
      const store = new FaultyStore(group().store);
      const apps = await group().startMany(2, { store });
      store.commits.splice(0);

      await Promise.all(
        Array.from({ length: 500 }, (_, i) => apps[i % 2].hedge.put('key', `${i}`)),
      );

      const sizes = store.commits
        .map((commit) => commit.filter(({ table }) => table === 'log').length)
        .filter((size) => size > 0);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(500);
      expect(sizes.length).toBeLessThan(50);
    });

    it('spares a busy leader its renewals', async () => {
      const store = new FaultyStore(group().store);
      const [leader] = await group().startMany(1, { store });
      store.commits.splice(0);
      const until = performance.now() + 2_000;

      for (let i = 0; performance.now() < until; i++) {
        await leader.hedge.put('key', `${i}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }

      const renewals = store.commits.filter((commit) =>
        commit.every(({ table }) => table === 'lock'),
      );
      expect(renewals.length).toBeLessThanOrEqual(1);
    });
  });

  describe('over a connection that fails', () => {
    const group = useGroup();
    let proxy: TcpProxy;

    afterEach(() => proxy.close());

    it('is retried under the same id: in the log exactly once', async () => {
      const behind = await behindProxy();
      ({ proxy } = behind);
      const leader = await group().start(behind.options);
      await leader.hedge.ready();
      const [follower] = await group().startMany(1, { candidate: false });
      const puts: Promise<LogReceipt>[] = [];

      for (let cut = 0; cut < 10; cut++) {
        for (let i = 0; i < 20; i++) puts.push(follower.hedge.put('key', `${puts.length}`, SOON));
        await new Promise((resolve) => setTimeout(resolve, cut));
        proxy.cut();
        proxy.resume();
      }

      await Promise.all(puts);
      const values = await valuesOf(leader, 'key');
      expect(values.toSorted((a, b) => Number(a) - Number(b))).toEqual(puts.map((_, i) => `${i}`));
    });

    it('reaches the next leader when the old one falls silent', async () => {
      const behind = await behindProxy();
      ({ proxy } = behind);
      const leader = await group().start(behind.options);
      await leader.hedge.ready();
      const [next, asker] = await group().startMany(2);
      proxy.blackhole();
      const put = asker.hedge.put('key', 'value', SOON);
      const closed = leader.close();

      expect(await put).toMatchObject({ key: 'key' });

      await closed;
      expect(await valuesOf(next, 'key')).toEqual(['value']);
    });
  });
});

describe('what two groups put on one store', () => {
  const group = useGroup();

  it('is one log: keys belong to the database', async () => {
    const [one] = await group().startMany(1, { lockName: 'one' });
    const [two] = await group().startMany(1, { lockName: 'two' });

    await one.hedge.put('key', 'by one');
    await two.hedge.put('key', 'by two');

    const history = await one.hedge.history('key', { order: 'oldest' });
    expect(history.map(({ leader }) => leader)).toEqual([one.hedge.id, two.hedge.id]);
    expect(await two.hedge.history('key', { order: 'oldest' })).toEqual(history);
  });
});
