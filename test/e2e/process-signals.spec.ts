import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster/cluster.js';
import { until } from '../support/time/until.js';
import type { MemberProcess, MemberError } from '../support/cluster/member.process.js';
import { msBetween } from '../support/time/machine.time.js';
import { isListening } from '../support/network/free.ports.js';
import {
  noOwnEmulator,
  openSpanner,
  sharedStores,
  type SharedStore,
  type SpannerSharedStore,
} from '../support/stores/cross-process.stores.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const LEASE = 2_000;
const DRAIN = 500;
/** ms beyond the drain: releasing, closing, and a busy machine */
const SLACK = 1_000;
/** ms: who waits for a session to run out waits for two thirds of a lease at the least, however busy the machine is. */
const HANDOVER = LEASE / 2;

/** Whether anybody listens at a member's address. */
async function isOpen(id: string): Promise<boolean> {
  const [host, port] = id.split(':');
  return isListening(Number(port), host);
}

async function endsBy(member: MemberProcess, signal: NodeJS.Signals) {
  const at = member.signal(signal);
  const exit = await member.exited;
  return { code: exit.code, signal: exit.signal, ms: msBetween(at, exit.at) };
}

/** Nothing new is started on a leader that drains: what is sent to it waits for the next one. */
async function isDraining(follower: MemberProcess): Promise<boolean> {
  const early = follower.call('send', 'echo', 1, 20).catch((error: MemberError) => error.code);
  return (await early) === 'NO_LEADER';
}

describe.each(sharedStores)('signals, on $name', ({ open }) => {
  let store: SharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await open();
    const { hedge, env } = store;
    cluster = new Cluster({
      hedge: { ...hedge, leaseDuration: LEASE, drainTimeout: DRAIN },
      env,
    });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the leader with code 0 and frees its port',
    async (signal) => {
      const [member] = await cluster.start(1);
      await cluster.agreed();
      expect(await isOpen(member.id)).toBe(true);

      const { ms, ...exit } = await endsBy(member, signal);

      expect(exit).toEqual({ code: 0, signal: null });
      expect(ms).toBeLessThan(DRAIN + SLACK);
      expect(await isOpen(member.id)).toBe(false);
    },
  );

  it('SIGTERM counts as what ended an app with the default shutdown hooks', async () => {
    const [member] = await cluster.start(1, { shutdown: 'signal' });
    await cluster.agreed();

    const { ms, ...exit } = await endsBy(member, 'SIGTERM');

    expect(exit).toEqual({ code: null, signal: 'SIGTERM' });
    expect(ms).toBeLessThan(DRAIN + SLACK);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends an app without shutdown hooks at once, and it has warned of that',
    async (signal) => {
      const [member] = await cluster.start(1, { shutdown: 'none' });
      await cluster.agreed();

      const { ms, ...exit } = await endsBy(member, signal);

      expect(exit).toEqual({ code: null, signal });
      expect(ms).toBeLessThan(SLACK);
      expect(member.output.filter((line) => line.includes('enableShutdownHooks()'))).toHaveLength(
        1,
      );
    },
  );

  it('a closed app leaves nothing running that would keep its process', async () => {
    const members = await cluster.start(2);
    await cluster.agreed();
    await Promise.all(members.map((member) => member.call('put', 'k', member.name)));

    for (const member of members) {
      await member.close();
      const exit = await member.exited;
      expect(exit).toMatchObject({ code: 0, signal: null });
    }
  });

  it('SIGTERM to a follower changes nothing for the leader', async () => {
    await cluster.start(3);
    const { leader, followers, token } = await cluster.agreed();

    const { ms, ...exit } = await endsBy(followers[0], 'SIGTERM');

    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(SLACK);
    await followers[1].call('put', 'k', 'v');
    expect(await leader.status()).toMatchObject({ isLeader: true, token: token.toString() });
    expect(leader.records.eventsOf('lost')).toEqual([]);
  });

  it('a second SIGTERM neither hurries nor hinders the first', async () => {
    await cluster.start(2);
    const { leader, followers, token } = await cluster.agreed();
    const slow = followers[0].call<string>('send', 'slow', 200);
    await until('the handler runs', () => leader.records.eventsOf('handler-began')[0]);

    leader.signal('SIGTERM');
    await until('it drains', () => isDraining(followers[0]));
    const { ms, ...exit } = await endsBy(leader, 'SIGTERM');

    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(DRAIN + SLACK);
    expect(await slow).toBe('done');
    const lost = leader.records.eventsOf('lost').find((event) => event.token === token);
    const next = await cluster.leader(token);
    const [led] = next.member.records.intervals;
    expect(msBetween(lost!.at, led.from)).toBeLessThan(HANDOVER);
  });

  it('SIGTERM waits for a handler that ends within the drain time, and its caller gets the reply', async () => {
    await cluster.start(2);
    const { leader, followers } = await cluster.agreed();
    const reply = followers[0].call<string>('send', 'slow', 300);
    await until('the handler runs', () => leader.records.eventsOf('handler-began')[0]);

    const { ms, ...exit } = await endsBy(leader, 'SIGTERM');

    expect(await reply).toBe('done');
    expect(leader.records.eventsOf('handler-aborted')).toEqual([]);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(DRAIN + SLACK);
  });

  it.each(['slow', 'stubborn'])(
    'SIGTERM aborts a %s handler after the drain time, and the app ends all the same',
    async (pattern) => {
      await cluster.start(2);
      const { leader, followers, token } = await cluster.agreed();
      const reply = followers[0].call<string>('send', pattern, 10_000);
      const failure = reply.catch((error: MemberError) => error);
      await until('the handler runs', () => leader.records.eventsOf('handler-began')[0]);

      const at = leader.signal('SIGTERM');
      const exit = await leader.exited;

      const [aborted] = leader.records.eventsOf('handler-aborted');
      expect(msBetween(at, aborted.at)).toBeGreaterThan(DRAIN - 10);
      expect(msBetween(at, exit.at)).toBeLessThan(DRAIN + SLACK);
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(await failure).toMatchObject({
        code: expect.stringMatching(/^(CONNECTION_LOST|HANDLER_ERROR|ABORTED)$/),
      });
      const next = await cluster.leader(token);
      const [led] = next.member.records.intervals;
      expect(msBetween(aborted.at, led.from)).toBeLessThan(HANDOVER);
    },
  );
});

describe.skipIf(noOwnEmulator)('signals while Spanner is away', () => {
  let store: SpannerSharedStore;
  let cluster: Cluster;

  beforeEach(async () => {
    store = await openSpanner();
    const { hedge, env } = store;
    // A lease that nobody has the time to wait for.
    cluster = new Cluster({
      hedge: { ...hedge, leaseDuration: 20_000, drainTimeout: DRAIN },
      env,
    });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await store.close();
  });

  it('end an app that is starting, when the store does not answer', async () => {
    const proxy = await startTcpProxy(store.emulator.host);
    proxy.blackhole();
    const { hedge, env } = store;
    cluster = new Cluster({ hedge, env: { ...env, SPANNER_EMULATOR_HOST: proxy.host } });
    const member = cluster.spawn();
    await until('it has called the store', () => proxy.connections > 0);

    const { ms, ...exit } = await endsBy(member, 'SIGTERM');

    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(SLACK);
    await proxy.close();
  });

  it('end an app that waits for a store that refuses connections', async () => {
    await store.emulator.stop();
    const [member] = await cluster.start(1);

    const { ms, ...exit } = await endsBy(member, 'SIGTERM');

    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(SLACK);
  });

  it('end a leader in time, though it cannot give the lock back', async () => {
    const [member] = await cluster.start(1);
    await cluster.agreed();
    await member.call('put', 'k', 'v');
    store.emulator.pause();
    const put = member.call('put', 'k', 'w').catch((error: MemberError) => error.code);

    const { ms, ...exit } = await endsBy(member, 'SIGTERM');

    expect(exit).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(DRAIN + 2 * SLACK);
    expect(await put).toMatch(/^(EXITED|CONNECTION_LOST|TIMEOUT|NOT_RUNNING|NO_LEADER)$/);
  });
});
