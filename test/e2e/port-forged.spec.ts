import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { OnLeaderMessage } from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';
import { Stranger } from '../support/messaging/strangers.js';

const HUGE = '99999999999999999999';
const SELF = '127.0.0.1:1';
const seen: unknown[] = [];

@Injectable()
class Handlers {
  @OnLeaderMessage('echo')
  echo(data: unknown) {
    seen.push(data);
    return { data };
  }
}

/** Whoever is sent this thinks that somebody else leads, if it believes it. */
function newsThatLeads(leader: string, token = HUGE) {
  return { about: { leads: true, leader, token, remaining: 60_000 } };
}

function listOf(...ids: string[]) {
  const joined = ids.map((id) => ({
    id,
    instanceId: 'x',
    joinedAt: 0,
    candidate: true,
    metadata: {},
  }));
  return { token: HUGE, version: 1, joined, left: [] };
}

describe('somebody who greets as a member and then forges', () => {
  const group = useGroup();
  let stranger: Stranger | undefined;

  afterEach(() => stranger?.leave());

  async function settled(): Promise<{ leader: App; followers: App[]; token: bigint }> {
    await group().startMany(3, {}, [Handlers]);
    const { leader, followers } = await group().settled();
    for (const { hedge } of [leader, ...followers]) {
      await expect.poll(() => hedge.members().length, SOON).toBe(3);
    }
    logs.clear();
    return { leader, followers, token: leader.hedge.leadership!.token };
  }

  async function forgeAt(app: App, parts: Record<string, unknown> = {}): Promise<Stranger> {
    stranger?.leave();
    stranger = await Stranger.at(app, group().store, parts);
    return stranger;
  }

  async function expectNothingChanged({
    leader,
    followers,
    token,
  }: Awaited<ReturnType<typeof settled>>): Promise<void> {
    expect(leader.hedge.leadership?.token).toBe(token);
    for (const { hedge } of [leader, ...followers]) {
      expect(await hedge.leader()).toBe(leader.hedge.id);
      expect(hedge.members()).toHaveLength(3);
    }
    for (const { hedge, events } of followers) {
      expect(await hedge.send('echo', 'served')).toEqual({ data: 'served' });
      expect(events.filter(({ type }) => type === 'leadership.gained')).toEqual([]);
    }
    expect(logs.at('error')).toEqual([]);
  }

  it.each<[string, unknown[]]>([
    [
      'hedge:news',
      [
        undefined,
        null,
        7,
        'news',
        [],
        {},
        { about: {} },
        { about: { leads: 'yes' } },
        { about: { leads: true, leader: 7, token: '1', remaining: 1 } },
        { about: { leads: true, leader: SELF, token: '-1', remaining: 1 } },
        { about: { leads: true, leader: SELF, token: '1e9', remaining: 1 } },
        { about: { leads: true, leader: SELF, token: `1${HUGE}`, remaining: 1 } },
        { about: { leads: true, leader: SELF, token: '1', remaining: '9' } },
        { about: { leads: false }, members: {} },
        { about: { leads: false }, members: { ...listOf(), joined: [{}] } },
        { about: { leads: false }, members: { ...listOf(), left: [7] } },
      ],
    ],
    [
      'hedge:heartbeat',
      [null, 7, { self: 7 }, { self: { id: SELF } }, { known: 1 }, { leaving: 'yes' }],
    ],
    [
      'hedge:put',
      [
        undefined,
        null,
        { d: { id: 'x', key: 'k', value: 'v' }, t: '1', w: 5_000 },
        { d: { id: crypto.randomUUID(), key: 7, value: 'v' }, t: '1', w: 5_000 },
        { d: { id: crypto.randomUUID(), key: '__hedge/k', value: 'v' }, t: '1', w: 5_000 },
        { d: { id: crypto.randomUUID(), key: 'k', value: {} }, t: '1', w: 5_000 },
        { d: { id: crypto.randomUUID(), key: 'k', value: 'v' }, t: 'x', w: 5_000 },
        { d: { id: crypto.randomUUID(), key: 'k', value: 'v' }, t: '1', w: '5' },
        { d: undefined, t: '1', w: 5_000 },
      ],
    ],
    [
      'hedge:trim',
      [
        null,
        {},
        { d: { key: 'k', keep: 0 }, t: '1', w: 5_000 },
        { d: { key: 'k', keep: -1 }, t: '1', w: 5_000 },
        { d: { key: 'k', keep: '1' }, t: '1', w: 5_000 },
        { d: { key: '', keep: 1 }, t: '1', w: 5_000 },
      ],
    ],
  ])('is refused where the shape of %s is wrong', async (route, forgeries) => {
    const before = await settled();
    await before.leader.hedge.put('k', 'kept');
    const forger = await forgeAt(before.leader);
    for (const data of forgeries) {
      expect(await forger.ask(route, data), JSON.stringify(data)).toMatchObject({
        err: { code: 'INVALID_ARGUMENT' },
      });
    }
    expect(await before.leader.hedge.history('k')).toMatchObject([{ value: 'kept' }]);
    await expectNothingChanged(before);
  });

  it('cannot say who leads for another, to nobody', async () => {
    const before = await settled();
    const { leader, followers } = before;
    for (const app of [leader, ...followers]) {
      const forger = await forgeAt(app);
      for (const other of [followers[0].hedge.id, followers[1].hedge.id, '127.0.0.1:9']) {
        await forger.ask('hedge:news', newsThatLeads(other));
      }
    }
    await expectNothingChanged(before);
  });

  it('cannot change the list, which is the word of whoever keeps it', async () => {
    const before = await settled();
    for (const app of [before.leader, ...before.followers]) {
      const forger = await forgeAt(app);
      await forger.ask('hedge:news', { about: { leads: false }, members: listOf('127.0.0.1:7') });
      await forger.ask('hedge:news', { ...newsThatLeads('127.0.0.1:9'), members: listOf() });
    }
    await expectNothingChanged(before);
  });

  it('cannot enter or leave in the name of another, nor enter where nobody can reach it', async () => {
    const before = await settled();
    const { leader, followers } = before;
    const info = { instanceId: 'x', joinedAt: 0, candidate: true, metadata: {} };
    const forAnother = await forgeAt(leader);
    await forAnother.ask('hedge:heartbeat', { self: { ...info, id: '127.0.0.1:7' } });
    await forAnother.ask('hedge:heartbeat', { self: { ...info, id: followers[0].hedge.id } });
    // Nobody listens there, and who is listed has to be reached first.
    await forAnother.ask('hedge:heartbeat', { self: { ...info, id: SELF } });
    // The address of a member, without being that process.
    const posing = await forgeAt(leader, { from: followers[0].hedge.id });
    await posing.ask('hedge:heartbeat', { leaving: true });
    await posing.ask('hedge:heartbeat', { self: { ...info, id: followers[0].hedge.id } });
    await expectNothingChanged(before);
  });

  it('learns from a probe nothing but who it asked, whatever it says', async () => {
    const before = await settled();
    const forger = await forgeAt(before.leader);
    for (const data of [undefined, null, 7, [], { list: 'yes' }, { list: { a: 1 } }]) {
      const { response } = await forger.ask('hedge:probe', data);
      expect(Object.keys(response as object)).toEqual(['instanceId']);
    }
    await expectNothingChanged(before);
  });

  it('finds no handler at routes that are none', async () => {
    const before = await settled();
    const forger = await forgeAt(before.leader);
    for (const route of [
      'hedge:',
      'hedge:nothing',
      'hedge:hello',
      'hedge:leader-news',
      'constructor',
      '__proto__',
      'echo',
      '',
    ]) {
      expect(await forger.ask(route, { d: 1, t: '1', w: 1 }), route).toMatchObject({
        err: { code: 'NO_HANDLER' },
      });
    }
    seen.splice(0);
    expect(await forger.ask('leader:nothing', { d: 1, t: '1', w: 1 })).toMatchObject({
      err: { code: 'NO_HANDLER' },
    });
    expect(seen).toEqual([]);
    await expectNothingChanged(before);
  });
});
