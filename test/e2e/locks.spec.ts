import { expect, it } from 'vitest';
import { onEveryStore, SOON } from '../support/hedge-apps.js';
import { logs } from '../support/recorded-logs.js';

onEveryStore((group) => {
  it('gives a lock to one at a time, with rising tokens, and leaves no rows', async () => {
    const apps = await group().startMany(3);
    const tokens: bigint[] = [];
    let holders = 0;
    await Promise.all(
      [...apps, ...apps, ...apps].map(({ locks }) =>
        locks.using('job', async (lock) => {
          expect(++holders).toBe(1);
          expect(lock.isHeld() && locks.hasLock('job') && locks.current === lock).toBe(true);
          tokens.push(lock.token);
          await new Promise((resolve) => setTimeout(resolve, 5));
          holders--;
        }),
      ),
    );

    expect(tokens).toHaveLength(9);
    expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(await rowsOf('hedge/group/lock/')).toEqual([]);
    expect(logs.at('error')).toEqual([]);
  });

  const rowsOf = async (prefix: string) => {
    const range = { from: prefix, to: `${prefix}\uffff` };
    return (await group().store.rows({ range }, SOON)).map(({ name }) => name);
  };
});
