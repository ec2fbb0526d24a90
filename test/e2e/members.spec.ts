import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import {
  OnLeaderMessage,
  OnMembersChanged,
  type Member,
  type MembersChange,
} from '../../src/index.js';
import { ADDRESS_SHARED } from '../../src/leader/leader.messages.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import {
  LEASE,
  onEveryStore,
  SOON,
  useGroup,
  type App,
  type Group,
} from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';
import { behindProxy } from '../support/network/proxied.member.js';

function ids(members: readonly Member[]): string[] {
  return members.map(({ id }) => id);
}

/** Resolves when all that run see just each other. */
async function agreed(group: Group): Promise<void> {
  await vi.waitFor(() => {
    const running = group.running();
    const all = running.map(({ hedge }) => hedge.id).toSorted();
    for (const { hedge } of running) expect(ids(hedge.members()).toSorted()).toEqual(all);
  }, SOON);
}

function changesOf(app: App): { joined: string[]; left: string[] }[] {
  return app.events.flatMap((event) =>
    event.type === 'members.changed' ? [{ joined: ids(event.joined), left: ids(event.left) }] : [],
  );
}

@Injectable()
class Echo {
  @OnLeaderMessage('echo')
  echo(data: unknown) {
    return data;
  }
}

describe('the members of a group', () => {
  onEveryStore((group) => {
    it('are known to each of them, with who leads and what each shows of itself', async () => {
      const first = await group().start({ metadata: { url: 'http://first' } });
      await first.hedge.ready(SOON);
      const second = await group().start();
      await agreed(group());

      const [oldest, youngest] = second.hedge.members();
      expect(oldest).toEqual({
        id: first.hedge.id,
        isLeader: true,
        isSelf: false,
        joinedAt: expect.any(Date),
        metadata: { url: 'http://first' },
      });
      expect(youngest).toMatchObject({ id: second.hedge.id, isLeader: false, isSelf: true });
      expect(first.hedge.members().map(({ isSelf }) => isSelf)).toEqual([true, false]);
    });

    it('stay known when the leader is closed, and the next one leads', async () => {
      await group().startMany(4);
      await agreed(group());
      const { leader } = await group().settled();
      const { id } = leader.hedge;
      const followers = group().apps.filter((app) => app !== leader);
      await leader.close();
      await group().settled();
      await agreed(group());

      for (const app of followers) {
        expect(changesOf(app).flatMap(({ left }) => left)).toEqual([id]);
        expect(app.hedge.members().filter(({ isLeader }) => isLeader)).toHaveLength(1);
      }
    });
  });

  describe('that come and go', () => {
    const group = useGroup();

    it('are told by a new leader itself that it leads, though they cannot ask the store', async () => {
      const store = new FaultyStore(group().store);
      const [first, second] = await group().startMany(2, {}, [Echo]);
      const cutOff = await group().start({ store, candidate: false }, [Echo]);
      await cutOff.hedge.ready(SOON);
      await agreed(group());
      store.fault = () => 'silent';

      await first.close();
      await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
      expect(await cutOff.hedge.send('echo', 1, { timeout: LEASE / 2 })).toBe(1);
      expect(await cutOff.hedge.leader({ timeout: 1 })).toBe(second.hedge.id);
      store.fault = () => undefined;
    });

    it('are told of by events$ and @OnMembersChanged()', async () => {
      const seen: MembersChange[] = [];
      @Injectable()
      class Watcher {
        @OnMembersChanged()
        changed(change: MembersChange) {
          seen.push(change);
          throw new Error('a fault of the app');
        }
      }
      const first = await group().start({}, [Watcher]);
      await first.hedge.ready(SOON);
      const second = await group().start();
      await agreed(group());
      const { id } = second.hedge;
      await second.close();
      await agreed(group());

      const expected = [
        { joined: [id], left: [] },
        { joined: [], left: [id] },
      ];
      expect(changesOf(first)).toEqual(expected);
      expect(seen.map(({ joined, left }) => ({ joined: ids(joined), left: ids(left) }))).toEqual(
        expected,
      );
      expect(logs.at('error').filter((text) => text.includes('Watcher.changed()'))).toHaveLength(2);
    });

    it('come back after the network to one of them was cut, and are not listed meanwhile', async () => {
      const [first] = await group().startMany(2);
      const { options, proxy } = await behindProxy();
      const third = await group().start(options);
      await agreed(group());
      proxy.cut();
      await vi.waitFor(() => expect(first.hedge.members()).toHaveLength(2), SOON);
      // Its own heartbeats still come through: that it cannot be reached is what counts.
      await vi.waitFor(() => {
        const warnings = logs.at('warn').filter((text) => text.includes(third.hedge.id));
        expect(warnings.some((text) => text.includes('cannot reach this member'))).toBe(true);
      }, SOON);
      expect(first.hedge.members()).toHaveLength(2);
      proxy.resume();
      await agreed(group());
      await third.close();
      await proxy.close();
    });
  });
});

describe('two members that were given one address', () => {
  const group = useGroup();

  it('cannot ask each other, say so, and share locks and the log all the same', async () => {
    const first = await group().start({}, [Echo]);
    await first.hedge.ready(SOON);
    const { id } = first.hedge;
    const second = await group().start({ address: id, listenHost: '127.0.0.2' }, [Echo]);

    await vi.waitFor(() => expect(logs.at('warn').join()).toContain(ADDRESS_SHARED(id)), SOON);
    expect(first.hedge.isLeader()).toBe(true);
    expect(second.hedge.isLeader()).toBe(false);
    await expect(second.hedge.send('echo', 1, { timeout: 50 })).rejects.toMatchObject({
      code: 'NO_LEADER',
    });
    await using lock = await first.locks.acquire('job');
    expect(await second.locks.tryAcquire('job')).toBeUndefined();
    await first.hedge.put('key', `${lock.token}`);
    expect(await second.hedge.get('key')).toMatchObject({ value: `${lock.token}` });
  });
});
