import { describe, expect, it, vi } from 'vitest';
import { SOON, useGroup } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const NEWER = 'v2 anything';

describe('an app that meets rows of a newer format', () => {
  const group = useGroup();

  async function insert(...names: string[]): Promise<void> {
    const rows = names.map((name) => ({ name, writer: NEWER, token: 'now' }) as const);
    const mutations = rows.map((row) => ({ table: 'lock', op: 'insert', ...row }) as const);
    await group().store.commit(mutations, { timeout: 5_000 });
  }

  it('says so once, and takes what they hold as held', async () => {
    const [app] = await group().startMany(1);
    await insert('hedge/group/lock/job#t', 'hedge/group/semaphore/jobs/1/t');
    const semaphore = app.hedge.semaphore('jobs', 1);

    expect(await app.locks.tryAcquire('job')).toBeUndefined();
    expect(await semaphore.tryAcquire()).toBeUndefined();
    expect(await app.locks.tryAcquire('job')).toBeUndefined();
    await expect(app.locks.acquire('job', { timeout: 2_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/newer version .* format 2, .* reads format 1\./) as unknown,
    });
    expect(await app.locks.tryAcquire('other')).toBeDefined();
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain('"hedge/group/lock/job#t"');
  });

  it('neither leads nor takes anybody for the leader, and starts all the same', async () => {
    await insert('hedge/spindle/lockname/group#t');
    const app = await group().start();
    await expect(app.hedge.ready({ timeout: 300 })).rejects.toMatchObject({ code: 'NO_LEADER' });
    expect(warnings()[0]).toContain('"hedge/spindle/lockname/group#t"');

    const name = 'hedge/spindle/lockname/group#t';
    await group().store.commit([{ table: 'lock', op: 'delete', name }], { timeout: 5_000 });
    await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(true), SOON);
  });
});

function warnings(): string[] {
  return logs.at('warn').filter((text) => text.includes('has format 2'));
}
