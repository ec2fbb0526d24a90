import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/time/until.js';
import { pageAt } from '../support/docs/published.pages.js';

import { noNetwork } from '../support/network/network.namespaces.js';
import { freePort } from '../support/network/free.ports.js';
import {
  findPubSubEmulator,
  startPubSubEmulator,
  type PubSubEmulator,
} from '../support/emulators/pubsub.emulator.js';
import {
  PROJECT,
  TOPIC,
  childrenOf,
  pubsubClient,
  startSampleCommand,
  startPod,
  type SampleProcess,
} from '../support/samples/pubsub.sample.js';
import {
  createDatabase,
  findEmulator,
  startEmulator,
  type SpannerEmulator,
} from '../support/emulators/spanner.emulator.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const canRun = [findEmulator(), findPubSubEmulator()].every((source) => source !== undefined);
const blocks = pageAt('sample/02-pubsub-gke/README.md')
  .blocksIn('sh')
  .map(({ code }) => code);
/** ms */
const LEASE = 2_000;
const GARBAGE = [
  '',
  Buffer.from([0xff, 0xfe, 0]),
  'frob\n[leader] put "a"',
  'put alone',
  'get a b',
];
/** What begins the line about each. */
const COMPLAINTS = [
  'An empty message',
  '3 bytes that are no text',
  String.raw`No command: "frob\n[leader] put \"a\""`,
  'No command: "put alone"',
  'No command: "get a b"',
];

describe.skipIf(!canRun)('the sample with Pub/Sub', () => {
  let spanner: SpannerEmulator;
  let pubsub: PubSubEmulator;
  let client: PubSub;
  let three: SampleProcess | undefined;
  let pod: SampleProcess | undefined;
  let configuration: string;

  beforeAll(async () => {
    [spanner, pubsub] = await Promise.all([startEmulator(), startPubSubEmulator()]);
    client = pubsubClient(pubsub.host);
    configuration = mkdtempSync(join(tmpdir(), 'hedge-gcloud-'));
  });

  afterEach(() => pod?.kill());

  afterAll(async () => {
    await client?.close();
    await Promise.all([spanner?.stop(), pubsub?.stop()]);
    rmSync(configuration, { recursive: true, force: true });
  });

  function emulators(pubsubHost = pubsub.host): NodeJS.ProcessEnv {
    return { SPANNER_EMULATOR_HOST: spanner.host, PUBSUB_EMULATOR_HOST: pubsubHost };
  }

  async function publish(data: string | Buffer): Promise<void> {
    // Pub/Sub takes no message of nothing at all.
    const attributes = { by: 'test' };
    await client.topic(TOPIC).publishMessage({ data: Buffer.from(data), attributes });
  }

  async function subscriptions(): Promise<string[]> {
    const [all] = await client.getSubscriptions();
    return all.map(({ name }) => name);
  }

  /** Types a block of the README into a shell, after the one that has gcloud ask the emulator. */
  function type(block: string): void {
    const settings = blocks.find((code) => code.startsWith('export CLOUDSDK_')) ?? '';
    const script = `set -e\n${settings.replace('localhost:8085', pubsub.host)}\n${block}`;
    const env = { ...process.env, CLOUDSDK_CONFIG: configuration };
    execFileSync('bash', ['-c', script], { env, stdio: 'pipe' });
  }

  /** What a member of three says of a command, each with whether it leads. */
  function said(member: number, command: string): { leads: boolean; outcome: string }[] {
    return three!
      .after(new RegExp(`^${member}: .* \\[Commands\\] (?=\\[(leader|follower)\\] ${command} → )`))
      .map((line) => ({
        leads: line.startsWith('[leader]'),
        outcome: line.slice(line.indexOf('→ ') + 2),
      }));
  }

  /** Every one of these members obeys the command once, and one of them says that it leads. @returns which */
  async function obeyed(
    members: readonly number[],
    command: string,
    outcome: RegExp,
  ): Promise<number> {
    const answers = await until(`${members.join(' and ')} obey ${command}`, () => {
      const all = members.map((member) => said(member, command));
      return all.every(({ length }) => length > 0) && all;
    });
    for (const answer of answers) {
      expect(answer).toEqual([
        { leads: expect.any(Boolean), outcome: expect.stringMatching(outcome) },
      ]);
    }
    const leaders = members.filter((_member, index) => answers[index][0].leads);
    expect(leaders).toHaveLength(1);
    return leaders[0];
  }

  describe('with three members', () => {
    const all = [1, 2, 3];
    const answered = /^answered by the leader, 127\.0\.0\.1:\d+$/;
    let leader: number;
    let rest: number[];

    beforeAll(async () => {
      const command = blocks
        .find((code) => code.includes('local.js'))!
        .trim()
        .split('\n')
        .at(-1)!;
      three = startSampleCommand(command, { ...emulators(), LEASE_DURATION: `${LEASE}` });
      await until('all listen', () => three!.after(/Listens to /).length === 3, 30_000);
    });

    afterAll(() => three?.kill());

    it('has all obey what the README publishes, whoever leads', async () => {
      const lines = blocks.filter((code) => code.includes('topics publish')).join('');
      const publishing = /^gcloud pubsub topics publish hedge-demo-pubctrl --message=/gm;
      expect(lines.match(publishing)).toHaveLength(4);
      type(lines);

      leader = await obeyed(all, 'put "colour" "blue"', /^written at 2/);
      expect(await obeyed(all, 'send "hello"', answered)).toBe(leader);
      expect(three!.after(new RegExp(`^${leader}: .*\\[leader\\] got "hello"`))).toHaveLength(3);
      expect(three!.after(/\] got "hello"/)).toHaveLength(3);
      const heard = /^heard by [^;]+; heard by [^;]+; heard by [^;]+$/;
      expect(await obeyed(all, 'broadcast "hello"', heard)).toBe(leader);
      expect(await obeyed(all, 'get "colour"', /^"blue", written at 2/)).toBe(leader);
    });

    it('has two obey once the leader is dead', async () => {
      const [pid] = three!.after(new RegExp(`^${leader}: is started; to kill it: kill -9 `));
      process.kill(Number(pid), 'SIGKILL');
      rest = all.filter((member) => member !== leader);

      for (const text of ['put shade red', 'send again']) await publish(text);
      const next = await obeyed(rest, 'put "shade" "red"', /^written at 2/);
      expect(await obeyed(rest, 'send "again"', answered)).toBe(next);
      for (const text of ['get shade', 'broadcast again']) await publish(text);
      await obeyed(rest, 'get "shade"', /^"red", written at 2/);
      await obeyed(rest, 'broadcast "again"', /heard by .*; heard by/);
    });

    it('says what it cannot obey, and goes on', async () => {
      for (const data of GARBAGE) await publish(data);
      await publish('put __hedge/mine 1');
      await publish('get nothing');

      await obeyed(rest, 'get "nothing"', /^nothing was put under it yet$/);
      await obeyed(rest, 'put "__hedge/mine" "1"', /^INVALID_ARGUMENT: /);
      for (const member of rest) {
        const pattern = new RegExp(`^${member}: .* WARN \\[Commands\\] (?=[^[])`);
        const lines = await until('all garbage is reported', () => {
          const found = three!.after(pattern);
          return found.length >= GARBAGE.length && found;
        });
        const known = lines.map(
          (line) => COMPLAINTS.find((start) => line.startsWith(start)) ?? line,
        );
        expect(known.toSorted()).toEqual(COMPLAINTS.toSorted());
      }
    });

    it('deletes its subscriptions at a SIGTERM; that of a killed one is left to expire', async () => {
      three!.child.kill('SIGTERM');

      expect(await three!.exited).toEqual([0, null]);
      for (const member of rest) expect(three!.lines).toContain(`${member}: has ended (0)`);
      const [left] = three!.after(new RegExp(`^${leader}: .* Listens to ${TOPIC} by `));
      expect(await subscriptions()).toEqual([left]);
    });
  });

  it('hears commands once Pub/Sub is there, again once its subscription is gone, and each of them once', async () => {
    await client.topic(TOPIC).get({ autoCreate: true });
    const proxy = await startTcpProxy(pubsub.host);
    proxy.cut();
    const port = await freePort();
    const health = async (kind: string) => {
      const response = await fetch(`http://localhost:${port}/health/${kind}`).catch(
        () => undefined,
      );
      return response?.status;
    };
    pod = startPod({
      ...emulators(proxy.host),
      DATABASE: await createDatabase(spanner, { tables: true }),
      TOPIC: `projects/${PROJECT}/topics/${TOPIC}`,
      NODE_ENV: 'production',
      HEDGE_SECRET: 'the new one of 16 characters,the old one of 16 characters',
      POD_IP: '::1',
      HEDGE_PORT: '0',
      PORT: `${port}`,
    });
    const messages = () => pod!.after(/^(?={)/).map((line) => JSON.parse(line) as LogLine);
    const listening = () =>
      messages().flatMap(({ message }) => /^Listens to \S+ by (\S+)$/.exec(message)?.[1] ?? []);
    const answers = (command: string) =>
      messages().filter(({ message }) => message.startsWith(`[leader] ${command} → `));

    const complaint = await until('it says what it misses', () =>
      messages().find(({ message }) => message.startsWith('Hears no commands from ')),
    );
    expect(complaint.severity).toBe('WARNING');
    expect(complaint.message).toMatch(/tries again in \d+ ms: .*UNAVAILABLE/);
    expect(await until('it answers', () => health('live'))).toBe(200);
    expect(await health('ready')).toBe(503);
    proxy.resume();
    await until('it is ready', async () => (await health('ready')) === 200, 30_000);
    await publish('put a 1');
    await until('it obeys', () => answers('put "a" "1"').length > 0);

    const [first] = listening();
    const [{ expirationPolicy }] = await client.subscription(first).getMetadata();
    expect(expirationPolicy).toMatchObject({ ttl: { seconds: '86400' } });
    await client.subscription(first).delete();
    await until('it has another subscription', () => listening().length === 2, 30_000);
    await publish('get a');
    await until('it obeys again', () => answers('get "a"').length > 0);

    await client.subscription(listening()[1]).seek(new Date(0));
    await publish('get b');
    await until('it obeys what comes later', () => answers('get "b"').length > 0);
    expect(answers('get "a"')).toHaveLength(1);

    proxy.blackhole();
    const at = performance.now();
    pod.child.kill('SIGTERM');
    expect(await pod.exited).toEqual([0, null]);
    expect(performance.now() - at).toBeLessThan(15_000);
    await proxy.close();
  });

  describe('without an emulator', () => {
    const local = 'node build/sample/02-pubsub-gke/local.js';

    it.each(['SPANNER_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST'])(
      'says how to start the one of %s',
      async (variable) => {
        const nobody = `localhost:${await freePort()}`;
        pod = startSampleCommand(local, { ...emulators(), [variable]: nobody });

        expect(await pod.exited).toEqual([1, null]);
        const output = pod.lines.join('\n');
        expect(output).toContain(`asked at ${nobody}: `);
        const command = output.trim().split('\n').at(-1)!.trim();
        expect(blocks.map((code) => code.trim())).toContain(command);
      },
    );

    it('ends by Ctrl-C while one answers nothing, and waits no longer than 5 s', async () => {
      const proxy = await startTcpProxy(spanner.host);
      proxy.blackhole();
      const env = { ...emulators(), SPANNER_EMULATOR_HOST: proxy.host };
      pod = startSampleCommand(local, env);
      await until('it asks', () => proxy.connections > 0);
      pod.child.kill('SIGINT');
      expect(await pod.exited).toEqual([null, 'SIGINT']);

      pod = startSampleCommand(local, env);
      expect(await pod.exited).toEqual([1, null]);
      expect(pod.lines.join('\n')).toContain('Spanner gave no answer within 5000 ms');
      await proxy.close();
    });
  });

  it.skipIf(noNetwork)('ends as process 1 at a SIGTERM that comes while it is loaded', async () => {
    pod = startPod({ ...emulators(), DATABASE: 'projects/p/instances/i/databases/d' }, [
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
    ]);
    let ended = false;
    void pod.exited.then(() => (ended = true));
    // The first ones come before anything of the app runs. Once it listens itself, it ends by 0.
    await until('it ends', () => {
      for (const pid of childrenOf(pod!.child.pid!)) process.kill(pid, 'SIGTERM');
      return ended;
    });

    expect(await pod.exited).toEqual([143, null]);
  });

  it('says in the last line of its log what is missing', async () => {
    const database = await createDatabase(spanner, { tables: true });
    pod = startPod({
      ...emulators(),
      DATABASE: `${database}-not-there`,
      NODE_ENV: 'production',
      POD_IP: '127.0.0.1',
      HEDGE_PORT: '0',
    });

    expect(await pod.exited).toEqual([1, null]);
    const last = JSON.parse(pod.lines.at(-1)!) as LogLine;
    expect(last.severity).toBe('CRITICAL');
    expect(last.message).toMatch(/^StoreError: There is no Spanner database .* Create it: gcloud /);
  });

  it.each([
    [{}, 'Set DATABASE'],
    [
      { DATABASE: 'projects/p/instances/i/databases/d', PORT: 'http' },
      "Expected PORT to be a whole number, got 'http'",
    ],
    [{ DATABASE: 'projects/p/instances/i/databases/d', HEDGE_SECRET: '' }, 'INVALID_OPTIONS'],
  ])('says what is wrong in its environment, and ends: %j', async (env, text) => {
    pod = startPod(env);
    expect(await pod.exited).toEqual([1, null]);
    expect(pod.lines.join('\n')).toContain(text);
  });
});

/** Of the log, as Cloud Logging reads it. */
interface LogLine {
  readonly severity: string;
  readonly message: string;
}
