import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { Crowd } from '../support/crowd/crowd.js';
import type { Usage } from '../support/crowd/crowd.process.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';

const PROCESSES = 8;
const EACH = 25;
const LEASE = 10_000;
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);

/** ms, as promised. */
const CRASH = 1_000;
const SILENCE = 5_000;

describe(`the lists of ${PROCESSES * EACH} members`, () => {
  let crowd: Crowd;

  beforeAll(async () => {
    crowd = await Crowd.open(LEASE);
    // The first member leads from the start, as in a deployment that grows.
    await crowd.start(EACH);
  }, 60_000);

  afterAll(() => crowd[Symbol.asyncDispose]());

  /** A process whose members all follow. */
  async function bystander(): Promise<{ chosen: MemberProcess; rest: MemberProcess[] }> {
    const leading = await crowd.leading();
    const chosen = crowd.running.find((process) => process !== leading)!;
    return { chosen, rest: crowd.running.filter((process) => process !== chosen) };
  }

  async function replace(): Promise<void> {
    await crowd.start(EACH);
    await crowd.agreed(machineTime());
  }

  /** How many have ever left a list, and how many of those were listed again. */
  async function departures(
    processes = crowd.running,
  ): Promise<{ left: number[]; returned: number[] }> {
    const views = await crowd.views(processes);
    return {
      left: views.map(({ left }) => left),
      returned: views.map(({ returned }) => returned),
    };
  }

  it('agree right after all have joined at once', async () => {
    const since = machineTime();
    await crowd.start(...Array.from({ length: PROCESSES - 1 }, () => EACH));
    const startedAt = machineTime();
    const agreed = await crowd.agreed(startedAt);
    print('joins', {
      'all apps have started after': msBetween(since, startedAt),
      'worst list is right, since then': agreed,
      'struck off meanwhile, because they were starved': Math.max(...(await departures()).left),
    });
    // The start of so many apps at once is more than the machine can do: connections time out, and are made again.
    expect(agreed).toBeLessThan(2 * SILENCE);
  });

  it(
    `stay whole for ${MINUTES} min`,
    async () => {
      const since = machineTime();
      const heap = await crowd.heap();
      const departed = await departures();
      const before = await crowd.usage();
      const stoodStill = [0];
      while (msBetween(since, machineTime()) < MINUTES * 60_000) {
        await delay(Math.min(10_000, MINUTES * 60_000));
        stoodStill.push(...(await crowd.usage()).map((usage) => usage.stoodStill));
        const views = await crowd.views();
        expect(new Set(views.map(({ size }) => size))).toEqual(new Set([PROCESSES * EACH]));
        expect(views.filter(({ changedAt }) => BigInt(changedAt) > since)).toEqual([]);
        expect(views.filter(({ leaderSince }) => BigInt(leaderSince) > since)).toEqual([]);
      }
      const seconds = msBetween(since, machineTime()) / 1_000;
      const after = await crowd.usage();
      const spent = (of: (usage: Usage) => number) => (sum(after, of) - sum(before, of)) / seconds;
      print('steady', {
        seconds,
        'store calls a second, all together': spent(({ storeCalls }) => storeCalls),
        'bytes a second, all together': spent(bytesOf),
        'CPU of all, %': spent(({ cpu }) => cpu) / 10,
        'MB of heap at first': heap / 1e6,
        'MB of heap at last': (await crowd.heap()) / 1e6,
        'an event loop stood still for at most, ms': Math.max(...stoodStill),
      });
      expect(await departures()).toEqual(departed);
    },
    (MINUTES + 1) * 60_000,
  );

  it(`lose ${EACH} that are killed at once within ${CRASH} ms, and nobody else`, async () => {
    const { chosen, rest } = await bystander();
    const before = await departures(rest);
    const worst = await crowd.agreed(chosen.signal('SIGKILL'), rest);
    print('kill -9 of a process', { 'worst list is right after': worst });
    const { left, returned } = await departures(rest);
    expect(left).toEqual(more(before.left));
    expect(returned).toEqual(before.returned);
    expect(worst).toBeLessThan(CRASH);
    await replace();
  });

  it(`lose ${EACH} that are stopped within ${SILENCE} ms, and have them back when they go on`, async () => {
    const { chosen, rest } = await bystander();
    const before = await departures(rest);
    const stoppedAt = machineTime();
    chosen.pauseItself();
    const worst = await crowd.agreed(stoppedAt, rest);
    const after = await departures(rest);
    expect(after.left).toEqual(more(before.left));
    const back = await crowd.agreed(chosen.signal('SIGCONT'));
    print('a process is stopped', {
      'worst list is right after': worst,
      'all are back after SIGCONT after': back,
    });
    expect((await departures(rest)).returned).toEqual(more(before.returned));
    expect(worst).toBeLessThan(SILENCE);
  });

  it('are right soon after the process of the leader is killed', async () => {
    const leading = await crowd.leading();
    const rest = crowd.running.filter((process) => process !== leading);
    const before = await departures(rest);
    const bytesBefore = sum(await crowd.usage(rest), bytesOf);
    const since = leading.signal('SIGKILL');
    const followed = await crowd.followed(since, rest);
    const agreed = await crowd.agreed(since, rest);
    print('kill -9 of the process of the leader', {
      'all know the next leader after': followed,
      'worst list is right after': agreed,
      'MB meanwhile': (sum(await crowd.usage(rest), bytesOf) - bytesBefore) / 1e6,
    });
    const { left, returned } = await departures(rest);
    expect(left).toEqual(more(before.left));
    expect(returned).toEqual(before.returned);
    expect(followed).toBeLessThan(LEASE + 2_000);
    expect(agreed).toBeLessThan(followed + CRASH);
    await replace();
  });

  it('are right after a rolling restart, one member of each process at a time', async () => {
    const before = await crowd.usage();
    const since = machineTime();
    await Promise.all(crowd.running.map((process) => process.call('restart')));
    const restartedAt = machineTime();
    const agreed = await crowd.agreed(restartedAt);
    const after = await crowd.usage();
    const { returned } = await departures();
    print(`a rolling restart, ${crowd.running.length} at a time`, {
      took: msBetween(since, restartedAt),
      'worst list is right, since then': agreed,
      'MB meanwhile': (sum(after, bytesOf) - sum(before, bytesOf)) / 1e6,
      'CPU of all, ms': sum(after, ({ cpu }) => cpu) - sum(before, ({ cpu }) => cpu),
      'an event loop stood still for at most': Math.max(
        ...after.map(({ stoodStill }) => stoodStill),
      ),
      // A leader that is new may not have heard yet of whom the one before it took in last.
      'missing from a list for a moment, at most': Math.max(...returned),
    });
    expect(agreed).toBeLessThan(2 * SILENCE);
  });
});

/** The same counts, with the members of one process on top. */
function more(counts: readonly number[]): number[] {
  return counts.map((count) => count + EACH);
}

function sum(usages: readonly Usage[], of: (usage: Usage) => number): number {
  return usages.reduce((total, usage) => total + of(usage), 0);
}

function bytesOf({ flows }: Usage): number {
  return flows.reduce((total, { asked, answered }) => total + asked + answered, 0);
}

function print(title: string, rows: Record<string, number>): void {
  const lines = Object.entries(rows).map(
    ([name, value]) =>
      `  ${name.padEnd(50)}${value.toLocaleString('en', { maximumFractionDigits: 1 }).padStart(12)}`,
  );
  process.stdout.write([`${title} (ms where nothing else is said)`, ...lines, ''].join('\n'));
}
