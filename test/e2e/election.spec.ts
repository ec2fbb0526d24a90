import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  OnLeadershipGained,
  OnLeadershipLost,
  type HedgeEvent,
  type Leadership,
} from '../../src/index.js';
import { type LockRow, keysBeginningWith } from '../../src/store/index.js';
import {
  LEASE,
  onEveryStore,
  SOON,
  useGroup,
  type App,
  type Group,
} from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const CALL = { timeout: 10_000 };
const GROUP_LOCK = 'hedge/spindle/lockname/group';

/** The term rows of the group's lock; one per term that was neither released nor taken over. */
function fences(group: Group): Promise<LockRow[]> {
  return group.store.rows({ range: keysBeginningWith(`${GROUP_LOCK}#`) }, CALL);
}

function sessions(group: Group): Promise<LockRow[]> {
  return group.store.rows({ range: keysBeginningWith('hedge/group/session/') }, CALL);
}

/** Deletes rows of the lock table behind everybody's back. */
async function deleteByHand(group: Group, rows: LockRow[]): Promise<void> {
  const mutations = rows.map(({ name }) => ({ table: 'lock', op: 'delete', name }) as const);
  await vi.waitFor(() => group.store.commit(mutations, CALL), SOON);
}

function leadersOf(apps: App[]): App[] {
  return apps.filter(({ hedge }) => hedge.isLeader());
}

/** Members that join may be told of before, between or after them. */
function aboutLeaders({ events }: App): HedgeEvent[] {
  return events.filter(({ type }) => type !== 'members.changed');
}

/** Looks at every turn of the event loop how many lead. */
function watchLeaders(group: Group): { most: number; stop(): void } {
  const watch = { most: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    watch.most = Math.max(watch.most, leadersOf(group.apps).length);
  }, 1);
  return watch;
}

describe('the election', () => {
  onEveryStore((group) => {
    it('makes one of the members the leader, and all agree who it is', async () => {
      const apps = await group().startMany(3);

      expect(leadersOf(apps)).toHaveLength(1);
      const ids = await Promise.all(apps.map(({ hedge }) => hedge.leader()));
      expect(new Set(ids)).toEqual(new Set([leadersOf(apps)[0].hedge.id]));
    });

    it('lets another member lead when the leader is closed, with a greater token', async () => {
      const watch = watchLeaders(group());
      await group().startMany(3);
      let token = 0n;
      for (let left = 3; left > 0; left--) {
        const { leader } = await group().settled();
        const leadership = leader.hedge.leadership!;
        expect(leadership.token).toBeGreaterThan(token);
        token = leadership.token;
        await leader.close();
        expect(leadership.signal.aborted).toBe(true);
      }
      watch.stop();
      expect(watch.most).toBe(1);
    });

    it('hands over to another member on stepDown', async () => {
      const [first] = await group().startMany(2);

      await first.hedge.stepDown();

      expect(first.hedge.isLeader()).toBe(false);
      const { leader } = await group().settled();
      expect(leader).not.toBe(first);
    });

    it('has given the lock back by the time stepDown resolves, for each of its callers', async () => {
      const [only] = await group().startMany(1);
      const left: number[] = [];
      const stepDown = async () => {
        await only.hedge.stepDown();
        left.push((await fences(group())).length);
      };

      await Promise.all([stepDown(), stepDown()]);

      expect(left).toEqual([0, 0]);
    });

    it('leaves nothing in the store when all members have closed', async () => {
      await group().startMany(2);

      await Promise.all(group().apps.map((app) => app.close()));

      expect(await fences(group())).toEqual([]);
      expect(await sessions(group())).toEqual([]);
    });

    it('keeps one leader through its renewals', async () => {
      const watch = watchLeaders(group());
      const [first] = await group().startMany(2);
      const { token, signal } = first.hedge.leadership!;
      const start = performance.now();

      await vi.waitFor(() => expect(performance.now() - start).toBeGreaterThan(2 * LEASE), SOON);

      watch.stop();
      expect(first.hedge.leadership!.token).toBe(token);
      expect(signal.aborted).toBe(false);
      expect(watch.most).toBe(1);
    });

    it('ends the term of a leader whose session was deleted by hand', async () => {
      const watch = watchLeaders(group());
      const [first] = await group().startMany(2);
      const { token, signal } = first.hedge.leadership!;

      await deleteByHand(group(), await sessions(group()));

      await vi.waitFor(() => expect(signal.aborted).toBe(true), SOON);
      const { leader } = await group().settled();
      watch.stop();
      expect(leader.hedge.leadership!.token).toBeGreaterThan(token);
      expect(watch.most).toBe(1);
      expect(first.events).toContainEqual({
        type: 'leadership.lost',
        reason: 'session-gone',
        token,
      });
    });

    it('ends the term of a leader whose fence was deleted by hand, though it does nothing', async () => {
      const watch = watchLeaders(group());
      const [first] = await group().startMany(2);
      const { token, signal } = first.hedge.leadership!;

      await deleteByHand(group(), await fences(group()));

      await vi.waitFor(() => expect(signal.aborted).toBe(true), SOON);
      const { leader } = await group().settled();
      watch.stop();
      expect(leader.hedge.leadership!.token).toBeGreaterThan(token);
      expect(watch.most).toBe(1);
      expect(first.events).toContainEqual({ type: 'leadership.lost', reason: 'fence-gone', token });
    });

    it('verifies the lock by the rows of the store', async () => {
      const [first, second] = await group().startMany(2);
      expect(await first.locks.verifyLock()).toBe(true);
      expect(await second.locks.verifyLock()).toBe(false);

      await deleteByHand(group(), await fences(group()));

      expect(await first.locks.verifyLock()).toBe(false);
    });
  });

  describe('by what its members see', () => {
    const group = useGroup();

    it('tells of leadership that is gained and lost, and of leaders that change', async () => {
      const [first, second] = await group().startMany(2);
      const { token } = first.hedge.leadership!;
      expect(aboutLeaders(first).map(({ type }) => type)).toEqual([
        'leadership.gained',
        'leader.changed',
      ]);
      expect(aboutLeaders(first)[0]).toMatchObject({ leadership: { token } });
      expect(aboutLeaders(second)).toEqual([{ type: 'leader.changed', leader: first.hedge.id }]);

      await first.hedge.stepDown();
      await group().settled();

      expect(aboutLeaders(first).slice(2)).toEqual([
        { type: 'leader.changed', leader: undefined },
        { type: 'leadership.lost', reason: 'stepped-down', token },
        { type: 'leader.changed', leader: second.hedge.id },
      ]);
      expect(aboutLeaders(second).map(({ type }) => type)).toEqual([
        'leader.changed',
        'leader.changed',
        'leadership.gained',
        'leader.changed',
      ]);
    });

    it('ends events$ when the app is closed', async () => {
      const [first] = await group().startMany(1);
      const complete = vi.fn();
      first.hedge.events$.subscribe({ complete });

      await first.close();

      expect(complete).toHaveBeenCalledOnce();
    });

    it('gives the leader its token, a signal and a time, and others nothing', async () => {
      const before = Date.now();
      const [first, second] = await group().startMany(2);

      const leadership = first.hedge.leadership!;
      expect(leadership.token).toBeTypeOf('bigint');
      expect(leadership.signal.aborted).toBe(false);
      expect(leadership.since.getTime()).toBeGreaterThanOrEqual(before);
      expect(first.hedge.leadership).toBe(leadership);
      expect(second.hedge.leadership).toBeUndefined();
    });

    it('writes a leadership as JSON', async () => {
      const [first] = await group().startMany(1);
      const { token, since } = first.hedge.leadership!;

      expect(JSON.parse(JSON.stringify(first.hedge.leadership))).toEqual({
        token: token.toString(),
        since: since.toISOString(),
      });
    });

    it('says by hasLock() what isLeader() says, and no for locks nobody acquired', async () => {
      const [first, second] = await group().startMany(2);

      expect(first.locks.hasLock()).toBe(true);
      expect(second.locks.hasLock()).toBe(false);
      expect(first.locks.hasLock('other')).toBe(false);
      expect(await first.locks.verifyLock('other')).toBe(false);
      await first.hedge.stepDown();
      expect(first.locks.hasLock()).toBe(false);
      expect(await first.locks.verifyLock()).toBe(false);
    });

    it.each(['', 'a/b', 'a#b', 'a\0b', 'x'.repeat(1_001), '\uD800', 7 as never])(
      'refuses %j as the name of a lock',
      async (name) => {
        const [first] = await group().startMany(1);

        expect(() => first.locks.hasLock(name)).toThrow(
          expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
        );
        await expect(first.locks.verifyLock(name)).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      },
    );

    it('aborts the signal with a reason that says why', async () => {
      const [first] = await group().startMany(1);
      const { signal } = first.hedge.leadership!;

      await first.hedge.stepDown();

      expect(signal.reason).toMatchObject({ name: 'AbortError', reason: 'stepped-down' });
    });

    it('lets the only member lead again after stepDown', async () => {
      const [only] = await group().startMany(1);
      const { token } = only.hedge.leadership!;

      await only.hedge.stepDown();

      await vi.waitFor(() => expect(only.hedge.isLeader()).toBe(true), SOON);
      expect(only.hedge.leadership!.token).toBeGreaterThan(token);
    });

    it('does nothing on stepDown of a member that does not lead', async () => {
      const [first, second] = await group().startMany(2);

      await second.hedge.stepDown();

      expect(first.hedge.isLeader()).toBe(true);
    });

    it('never makes a member the leader that is no candidate', async () => {
      const script = await group().start({ candidate: false });
      const failed = script.hedge.ready({ timeout: LEASE / 2 });
      await expect(failed).rejects.toMatchObject({ code: 'NO_LEADER', status: 503 });
      expect(script.hedge.isLeader()).toBe(false);

      const candidate = await group().start();

      await script.hedge.ready(SOON);
      expect(await script.hedge.leader()).toBe(candidate.hedge.id);
      await expect(script.hedge.put('key', 'value')).resolves.toMatchObject({ key: 'key' });
      expect(await script.hedge.get('key')).toMatchObject({ value: 'value' });
    });

    it('gives up waiting for a leader when the signal is aborted', async () => {
      const script = await group().start({ candidate: false });
      const reason = new Error('enough');
      const waiting = new AbortController();
      const ready = script.hedge.ready({ signal: waiting.signal });

      waiting.abort(reason);

      await expect(ready).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
      const aborted = script.hedge.leader({ signal: AbortSignal.abort(reason) });
      await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    });

    it.each([0, -1, NaN, '5' as never, null as never])(
      'refuses %j as a timeout to wait for a leader',
      async (timeout) => {
        const script = await group().start({ candidate: false });

        const ready = script.hedge.ready({ timeout });

        await expect(ready).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      },
    );

    it.each([Infinity, 2 ** 40])('waits for a leader with a timeout of %d ms', async (timeout) => {
      const script = await group().start({ candidate: false });
      const ready = script.hedge.ready({ timeout });

      await group().start();

      await expect(ready).resolves.toBeUndefined();
    });

    it('keeps two groups on one store apart', async () => {
      const [first] = await group().startMany(1, { lockName: 'one' });
      const [second] = await group().startMany(1, { lockName: 'two' });

      expect(first.hedge.isLeader()).toBe(true);
      expect(second.hedge.isLeader()).toBe(true);
      expect(await second.hedge.leader()).toBe(second.hedge.id);
    });
  });
});

describe('hooks of leadership', () => {
  const group = useGroup();
  const calls: unknown[][] = [];
  let lost: (() => Promise<void>) | undefined;
  let gained: (() => void | Promise<void>) | undefined;

  @Injectable()
  class Hooks {
    @OnLeadershipGained()
    async gained(leadership: Leadership) {
      calls.push(['gained', leadership.token]);
      await gained?.();
    }

    @OnLeadershipLost()
    async lost(reason: string) {
      calls.push(['lost', reason]);
      await lost?.();
    }
  }

  beforeEach(() => calls.splice(0));
  afterEach(() => {
    lost = undefined;
    gained = undefined;
  });

  it('are called with the leadership, and with the reason of its end', async () => {
    const [first] = await group().startMany(1, {}, [Hooks]);
    const { token } = first.hedge.leadership!;
    expect(calls).toEqual([['gained', token]]);

    await first.hedge.stepDown();
    expect(calls[1]).toEqual(['lost', 'stepped-down']);

    await vi.waitFor(() => expect(calls).toHaveLength(3), SOON);
    await first.close();
    expect(calls[3]).toEqual(['lost', 'shutdown']);
  });

  it('are awaited before the lock is given back', async () => {
    const [first, second] = await group().startMany(2, { drainTimeout: 10_000 }, [Hooks]);
    let end!: () => void;
    lost = () => new Promise((resolve) => (end = resolve));

    const stepDown = first.hedge.stepDown();
    await vi.waitFor(() => expect(calls).toContainEqual(['lost', 'stepped-down']), SOON);
    // Longer than the lease: the session is renewed while the hook is at it.
    const start = performance.now();
    await vi.waitFor(() => expect(performance.now() - start).toBeGreaterThan(2 * LEASE), SOON);
    expect(first.hedge.isLeader()).toBe(false);
    expect(second.hedge.isLeader()).toBe(false);

    end();
    await stepDown;
    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
  });

  it('keep the lock from nobody when they throw', async () => {
    const [first, second] = await group().startMany(2, {}, [Hooks]);
    lost = () => Promise.reject(new Error('no clean-up today'));

    await first.hedge.stepDown();

    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
    expect(logs.at('error').join()).toMatch(/Hooks\.lost\(\) failed.*no clean-up today/s);
  });

  it('keep the lock from nobody for longer than drainTimeout when they hang', async () => {
    const [first, second] = await group().startMany(2, { drainTimeout: 200 }, [Hooks]);
    lost = () => new Promise(() => undefined);

    await first.hedge.stepDown();

    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
  });

  it('may throw on gaining leadership, which is kept', async () => {
    gained = () => {
      throw new Error('not ready for this');
    };
    const [first] = await group().startMany(1, {}, [Hooks]);

    expect(first.hedge.isLeader()).toBe(true);
    expect(logs.at('error').join()).toMatch(/Hooks\.gained\(\) failed.*not ready for this/s);
  });

  it('put under the term they were called for, and not after it', async () => {
    const outcomes: unknown[] = [];
    let first: App | undefined;
    let go!: () => void;
    const goes = new Promise<void>((resolve) => (go = resolve));
    gained = async () => {
      await goes;
      outcomes.push(await first!.hedge.put('key', 'late').catch((error: unknown) => error));
    };
    [first] = await group().startMany(1, {}, [Hooks]);
    const [second] = await group().startMany(1);

    await first.hedge.stepDown();
    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
    go();

    await vi.waitFor(() => expect(outcomes).toHaveLength(1), SOON);
    expect(outcomes[0]).toMatchObject({ code: 'NOT_LEADER' });
    expect(await second.hedge.get('key')).toBeUndefined();
  });
});
