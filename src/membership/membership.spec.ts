import { beforeEach, describe, expect, it } from 'vitest';
import { SimulatedMesh } from '../../test/support/simulated/simulated.mesh.js';
import { RecordedLogger } from '../../test/support/simulated/member.rooms.js';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { MemberIdentity, type MessageServer, type Peers } from '../messaging/index.js';
import { Membership } from './membership.js';
import type { Announcement, SelfDescription } from './membership.protocol.js';

/** A member of a group whose leader the tests appoint. */
class Node {
  readonly clock: VirtualClock;
  readonly logger = new RecordedLogger();
  readonly membership: Membership;
  readonly heard: [from: string, about: SelfDescription][] = [];
  readonly lost: string[] = [];
  about: SelfDescription = { leads: false };

  constructor(
    readonly id: string,
    time: VirtualTime,
    mesh: SimulatedMesh,
    readonly instanceId = id,
  ) {
    this.clock = new VirtualClock(time);
    const { server, peers } = mesh.join(this);
    const identity = new MemberIdentity('g', instanceId);
    identity.id = id;
    this.membership = new Membership({
      identity,
      server: server as MessageServer,
      peers: peers as Peers,
      clock: this.clock,
      logger: this.logger.asLogger,
      options: { leaseDuration: 10_000, candidate: true, metadata: { of: id } },
      tracker: {
        describeSelf: () => this.about,
        heard: (from, about) => {
          this.heard.push([from, about]);
          if (about.leads) this.membership.follow(from);
        },
        lost: (lost) => this.lost.push(lost),
      },
    });
    this.membership.start();
  }

  lead(token: bigint): void {
    this.about = { leads: true, leader: this.id, token: `${token}`, remaining: 9_000 };
    this.membership.lead(token);
  }

  get sees(): string {
    return this.membership.list.all
      .map(({ id }) => id)
      .toSorted()
      .join('');
  }
}

/** Of those that were told to have joined. */
function ids({ members }: Announcement): string[] | undefined {
  return members?.joined.map(({ id }) => id).toSorted();
}

describe('membership', () => {
  let time: VirtualTime;
  let mesh: SimulatedMesh;
  let nodes: Record<'a' | 'b' | 'c' | 'd', Node>;
  /** Pairs between which nothing gets through. */
  let cut: (from: string, to: string) => boolean;

  beforeEach(async () => {
    time = new VirtualTime();
    cut = () => false;
    mesh = new SimulatedMesh((from, to) => (from && to && cut(from, to) ? undefined : 1));
    const node = (id: string) => new Node(id, time, mesh);
    nodes = { a: node('a'), b: node('b'), c: node('c'), d: node('d') };
    nodes.a.lead(1n);
    for (const follower of [nodes.b, nodes.c, nodes.d]) follower.membership.follow('a');
    await time.advance(200);
  });

  function sees(): string[] {
    return Object.values(nodes).map((node) => node.sees);
  }

  it('shows every member to every member, within 200 ms', () => {
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
    expect(nodes.b.membership.list.get('c')?.metadata).toEqual({ of: 'c' });
  });

  it('shows a goodbye to all within 200 ms, and does not list the leaving member again', async () => {
    void nodes.c.membership.leave(250);
    await time.advance(200);
    expect(sees()).toEqual(['abd', 'abd', 'abcd', 'abd']);
    await time.advance(60_000);
    expect(nodes.a.sees).toBe('abd');
    expect(nodes.c.heard.length).toBeGreaterThan(50);
  });

  it('does not list a member that says goodbye while it is checked', async () => {
    const e = new Node('e', time, mesh);
    const seen: string[] = [];
    nodes.b.membership.list.changes.subscribe(({ joined, left }) => {
      seen.push(...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`));
    });
    e.membership.follow('a');
    void e.membership.leave(250);
    await time.advance(500);
    expect([nodes.a.sees, nodes.b.sees, ...seen]).toEqual(['abcd', 'abcd']);
  });

  it('goes on without a leader that said goodbye', async () => {
    void nodes.a.membership.leave(250);
    await time.advance(200);
    expect([nodes.b.sees, nodes.c.sees, nodes.d.sees]).toEqual(['bcd', 'bcd', 'bcd']);
    const late = new Node('e', time, mesh);
    late.membership.follow('a');
    await time.advance(200);
    expect([nodes.b.sees, late.sees]).toEqual(['bcde', 'bcde']);
  });

  it('tells a member that restarted at its old address from the one before', async () => {
    const changes: string[] = [];
    nodes.b.membership.list.changes.subscribe(({ joined, left }) =>
      changes.push(
        `${joined.map((m) => m.instanceId).join()}/${left.map((m) => m.instanceId).join()}`,
      ),
    );
    nodes.c.clock.kill();
    mesh.crashed('c');
    const again = new Node('c', time, mesh, 'c2');
    await time.advance(500);
    expect(changes).toEqual(['/c']);
    again.membership.follow('a');
    await time.advance(200);
    expect(changes).toEqual(['/c', 'c2/']);
    expect(again.sees).toBe('abcd');
  });

  it('does not take a closed connection for a crash while the process is paused', async () => {
    nodes.c.clock.pause();
    mesh.dropped('c');
    await time.advance(2_000);
    expect(nodes.a.sees).toBe('abcd');
  });

  it('removes a member that answers, but sends no heartbeats', async () => {
    nodes.c.membership.stop();
    await time.advance(5_000);
    expect(nodes.a.sees).toBe('abd');
  });

  it('takes a member in again with its next heartbeat', async () => {
    nodes.c.clock.pause();
    await time.advance(5_000);
    nodes.c.clock.resume();
    await time.advance(300);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });

  it('shows a crash to all within a second', async () => {
    nodes.c.clock.kill();
    mesh.crashed('c');
    await time.advance(1_000);
    expect([nodes.a.sees, nodes.b.sees, nodes.d.sees]).toEqual(['abd', 'abd', 'abd']);
  });

  it('keeps a member that pauses for 2 s, and removes one that hangs within 5 s', async () => {
    nodes.c.clock.pause();
    await time.advance(2_000);
    nodes.c.clock.resume();
    await time.advance(5_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);

    nodes.c.clock.pause();
    await time.advance(5_000);
    expect([nodes.a.sees, nodes.b.sees, nodes.d.sees]).toEqual(['abd', 'abd', 'abd']);
    nodes.c.clock.resume();
    await time.advance(2_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });

  it('removes no member when the leader itself stood still', async () => {
    const left: string[] = [];
    for (const { membership } of Object.values(nodes)) {
      membership.list.changes.subscribe((change) => left.push(...change.left.map(({ id }) => id)));
    }
    nodes.a.clock.pause();
    await time.advance(3_000);
    nodes.a.clock.resume();
    await time.advance(5_000);
    expect(left).toEqual([]);
  });

  it('drops a leader that hangs within 5 s, and takes it in again when it goes on', async () => {
    nodes.a.clock.pause();
    await time.advance(5_000);
    expect([nodes.b.sees, nodes.c.sees, nodes.d.sees]).toEqual(['bcd', 'bcd', 'bcd']);
    nodes.a.clock.resume();
    await time.advance(2_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });

  it('keeps the list when the leader is killed, and the next one has it confirmed', async () => {
    nodes.a.clock.kill();
    mesh.crashed('a');
    await time.advance(1_000);
    expect([nodes.b.sees, nodes.c.sees, nodes.d.sees]).toEqual(['bcd', 'bcd', 'bcd']);
    expect(nodes.b.lost).toEqual(['a']);

    // No leader is there to see it.
    nodes.d.clock.kill();
    mesh.crashed('d');
    await time.advance(1_000);
    nodes.b.lead(2n);
    await time.advance(200);
    expect(nodes.c.heard.at(-1)?.[0]).toBe('b');
    // Its announcement reaches no process at d.
    await time.advance(600);
    expect([nodes.b.sees, nodes.c.sees]).toEqual(['bc', 'bc']);
  });

  it('sends the whole list once, as an answer: not with each change, nor when a new leader says that it leads', async () => {
    const told: Announcement[] = [];
    const { server, peers } = mesh.join({ id: 'e', clock: nodes.a.clock });
    (server as MessageServer).handle('hedge:news', (data) => void told.push(data as Announcement));
    (server as MessageServer).handle('hedge:probe', () => ({ instanceId: 'e' }));
    const self = { id: 'e', instanceId: 'e', joinedAt: 0, candidate: true, metadata: {} };
    const options = { timeout: 1_000 };
    const answer = (peers as Peers).request('a', 'hedge:heartbeat', { self }, options);
    await time.advance(200);
    expect(ids((await answer) as Announcement)).toEqual(['a', 'b', 'c', 'd']);
    expect(told.map(ids)).toEqual([['e']]);

    nodes.a.lead(2n);
    await time.advance(200);
    expect(told.map(ids)).toEqual([['e'], undefined]);
    expect(told.at(-1)?.about.token).toBe('2');
  });

  it('keeps the list when the leader is killed together with most of the others', async () => {
    const [e, f] = ['e', 'f'].map((id) => new Node(id, time, mesh));
    for (const { membership } of [e, f]) membership.follow('a');
    await time.advance(200);
    for (const id of ['a', 'b', 'c', 'd'] as const) {
      nodes[id].clock.kill();
      mesh.crashed(id);
    }
    await time.advance(10_000);
    expect([e.sees, f.sees]).toEqual(['bcdef', 'bcdef']);
    e.lead(2n);
    await time.advance(1_000);
    expect([e.sees, f.sees]).toEqual(['ef', 'ef']);
  });

  it('has each follower of a leader that hangs ask three others, and not the same; none when the leader is gone', async () => {
    const [e, f] = ['e', 'f'].map((id) => new Node(id, time, mesh));
    for (const { membership } of [e, f]) membership.follow('a');
    await time.advance(200);
    const messages: string[] = [];
    cut = (from, to) => {
      if (from !== 'a' && to !== 'a') messages.push(`${from}${to}`);
      return false;
    };
    nodes.a.clock.pause();
    await time.advance(6_000);
    // Each asks three and answers three.
    const ofOne = (id: string) => messages.filter((pair) => pair.includes(id)).length;
    expect(['b', 'c', 'd', 'e', 'f'].map(ofOne)).toEqual([12, 12, 12, 12, 12]);

    nodes.a.clock.resume();
    await time.advance(2_000);
    messages.length = 0;
    nodes.a.clock.kill();
    mesh.crashed('a');
    await time.advance(20_000);
    expect(messages).toEqual([]);
  });

  it('has followers at once follow a leader that announces itself, the deposed one too', async () => {
    nodes.c.lead(2n);
    await time.advance(5);
    for (const { heard } of [nodes.a, nodes.b, nodes.d]) expect(heard.at(-1)?.[0]).toBe('c');
    await time.advance(60_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });

  it('removes a member that is cut off from all, and all from its list', async () => {
    cut = (from, to) => (from === 'c') !== (to === 'c');
    await time.advance(6_000);
    expect(sees()).toEqual(['abd', 'abd', 'c', 'abd']);
    cut = () => false;
    await time.advance(2_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
  });

  it('has a member that was cut off not go first, nor begin with an empty list when it leads', async () => {
    cut = (from, to) => (from === 'c') !== (to === 'c');
    await time.advance(6_000);
    const { list } = nodes.c.membership;
    expect(nodes.c.sees).toBe('c');
    expect(list.rank('a')).toBe(1);

    const left: string[] = [];
    nodes.b.membership.list.changes.subscribe((change) =>
      left.push(...change.left.map(({ id }) => id)),
    );
    cut = () => false;
    nodes.c.lead(2n);
    await time.advance(10_000);
    expect(sees()).toEqual(['abcd', 'abcd', 'abcd', 'abcd']);
    expect(left).toEqual([]);
  });

  it('has a member that is cut off from the leader alone see what the others do', async () => {
    cut = (from, to) => `${from}${to}` === 'ac' || `${from}${to}` === 'ca';
    await time.advance(5_200);
    expect(sees()).toEqual(['abd', 'abd', 'abcd', 'abd']);
    nodes.d.membership.stop();
    nodes.d.clock.kill();
    mesh.crashed('d');
    await time.advance(6_000);
    expect([nodes.a.sees, nodes.b.sees, nodes.c.sees]).toEqual(['ab', 'ab', 'abc']);
    cut = () => false;
    await time.advance(2_000);
    expect([nodes.a.sees, nodes.b.sees, nodes.c.sees]).toEqual(['abc', 'abc', 'abc']);
  });

  it('lists no member that cannot be reached, and says why to it', async () => {
    cut = (_from, to) => to === 'c';
    await time.advance(5_200);
    expect([nodes.a.sees, nodes.b.sees]).toEqual(['abd', 'abd']);
    expect(nodes.c.logger.warnings).toHaveLength(0);
    cut = (from, to) => from === 'a' && to === 'c';
    await time.advance(20_000);
    expect(nodes.a.sees).toBe('abd');
  });

  it('does not send the list again to members that have it when another member leads', async () => {
    const told: unknown[] = [];
    mesh.spied = (route, answer) => {
      if (route === 'hedge:heartbeat') told.push((answer as Announcement).members);
    };
    nodes.a.clock.kill();
    mesh.crashed('a');
    await time.advance(1_000);
    told.length = 0;
    nodes.b.lead(2n);
    await time.advance(500);
    expect(told.filter(Boolean)).toHaveLength(2);
    for (const update of told.filter(Boolean))
      expect(update).toMatchObject({ joined: [], left: [] });

    void nodes.d.membership.leave(250);
    await time.advance(200);
    expect([nodes.b.sees, nodes.c.sees]).toEqual(['bc', 'bc']);
  });

  it('has a member that never reached the leader look for the next one, once', async () => {
    const late = new Node('e', time, mesh);
    nodes.a.clock.kill();
    mesh.crashed('a');
    late.membership.follow('a');
    await time.advance(100);
    expect(late.lost).toEqual(['a']);
    await time.advance(20_000);
    expect(late.lost).toEqual(['a']);
  });

  it('has followers of a leader that hangs look for the next one', async () => {
    nodes.a.clock.pause();
    await time.advance(5_000);
    for (const { lost } of [nodes.b, nodes.c, nodes.d]) expect(lost).toEqual(['a']);
  });

  it('sends the whole list to a member that has another one', async () => {
    nodes.a.clock.kill();
    mesh.crashed('a');
    await time.advance(1_000);
    nodes.c.membership.list.lose('d');
    nodes.b.lead(2n);
    await time.advance(500);
    expect([nodes.b.sees, nodes.c.sees, nodes.d.sees]).toEqual(['bcd', 'bcd', 'bcd']);
  });

  it('costs each follower one heartbeat a second, and the leader half a probe', async () => {
    mesh.counted.clear();
    await time.advance(60_000);
    const heartbeats = mesh.counted.get('hedge:heartbeat') ?? 0;
    const others = [...mesh.counted.values()].reduce((sum, count) => sum + count, 0) - heartbeats;
    expect(heartbeats).toBeGreaterThan(3 * 57);
    expect(heartbeats).toBeLessThan(3 * 62);
    expect(others).toBeLessThan(3 * 41);
  });

  it.each([
    ['hedge:heartbeat', { known: { token: 'x', version: 1 } }],
    ['hedge:heartbeat', { self: { id: 'c' } }],
    ['hedge:heartbeat', null],
    ['hedge:news', { about: { leads: true, token: '-1' } }],
    ['hedge:news', { about: { leads: true }, members: { token: '1', version: 1, joined: [null] } }],
    ['hedge:news', 'nonsense'],
  ])('answers a malformed %s with INVALID_ARGUMENT', async (route, data) => {
    const { peers } = mesh.join({ id: 'x', clock: nodes.a.clock });
    const asked = (peers as Peers).request('a', route, data, { timeout: 1_000 });
    const outcome = asked.catch((error: unknown) => error);
    await time.advance(10);
    expect(await outcome).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(nodes.a.sees).toBe('abcd');
  });

  it('believes only a member itself that it leads, and only the list of the leader', async () => {
    const { peers } = mesh.join({ id: 'x', clock: nodes.a.clock });
    const about = { leads: true, leader: 'y', token: '9', remaining: 1 };
    const members = { token: '1', version: 99, joined: [], left: [] };
    for (const announcement of [
      { about, members },
      { about: { leads: false }, members },
    ]) {
      void (peers as Peers).request('b', 'hedge:news', announcement, { timeout: 1_000 });
    }
    await time.advance(100);
    expect(nodes.b.heard.some(([, { leader }]) => leader === 'y')).toBe(false);
    expect(nodes.b.sees).toBe('abcd');
  });
});
