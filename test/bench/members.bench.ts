/** What membership costs in groups of different sizes: traffic, CPU, memory, and calls of the store. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { Crowd } from '../support/crowd/crowd.js';
import type { Usage } from '../support/crowd/crowd.process.js';
import { machineTime, msBetween } from '../support/time/machine.time.js';

const SIZES = [3, 30, 200];
/** ms that each group is watched for, when nothing happens in it. */
const WINDOW = 15_000;
/** ms after a change until the last of what it causes was sent. */
const AFTERMATH = 3_000;
/** Followers live in processes of so many, the leader in one of its own. */
const EACH = 67;

/** What some members have used so far, or use in a second. */
interface Cost {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requestsIn: number;
  readonly requestsOut: number;
  /** ms */
  readonly cpu: number;
  readonly storeCalls: number;
}

interface Figures {
  readonly size: number;
  /** Per second and member. */
  readonly leader: Cost;
  readonly follower: Cost;
  /** Bytes of the heap, per member. */
  readonly leaderHeap: number;
  readonly followerHeap: number;
  readonly joins: Transition;
  readonly change: Transition;
}

interface Transition {
  readonly ms: number;
  readonly bytes: number;
}

export async function benchMembers(): Promise<void> {
  const figures: Figures[] = [];
  for (const size of SIZES) {
    figures.push(await measure(size));
    process.stderr.write(`a group of ${size}: done\n`);
  }
  process.stdout.write(`${[...costs(figures), ...transitions(figures)].join('\n')}\n`);
}

async function measure(size: number): Promise<Figures> {
  await using crowd = await Crowd.open();
  const [leading] = await crowd.start(1);
  const followers = await crowd.start(...shares(size - 1));
  const joins = await settled(crowd, crowd.agreed(machineTime()));
  const [{ id }] = await crowd.views([leading]);

  const before = await costsOf(crowd, leading, followers, id);
  const from = machineTime();
  await delay(WINDOW);
  const after = await costsOf(crowd, leading, followers, id);
  const seconds = msBetween(from, machineTime()) / 1_000;

  const leaderHeap = await crowd.heap([leading]);
  const followerHeap = (await crowd.heap(followers)) / (size - 1);
  const atRest = bytesOf(await crowd.usage());
  const changedAt = machineTime();
  await leading.call('stepDown');
  const change = await settled(crowd, crowd.followed(changedAt), atRest);
  return {
    size,
    leader: rate(before.leader, after.leader, seconds),
    follower: rate(before.followers, after.followers, seconds * (size - 1)),
    leaderHeap,
    followerHeap,
    joins,
    change,
  };
}

function shares(count: number): number[] {
  const processes = Math.ceil(count / EACH);
  return Array.from({ length: processes }, (_, i) => Math.floor((count + i) / processes));
}

/** How long something took, and what went over the sockets until it was over for good. */
async function settled(crowd: Crowd, work: Promise<number>, before = 0): Promise<Transition> {
  const ms = await work;
  await delay(AFTERMATH);
  return { ms, bytes: bytesOf(await crowd.usage()) - before };
}

async function costsOf(
  crowd: Crowd,
  leading: MemberProcess,
  followers: MemberProcess[],
  id: string,
) {
  const [usage, ...others] = await crowd.usage([leading, ...followers]);
  const all = [usage, ...others];
  return {
    leader: costOf([usage], all, (member) => member === id),
    followers: costOf(others, all, (member) => member !== id),
  };
}

/** @param processes those that hold just the members that are meant */
function costOf(
  processes: readonly Usage[],
  all: readonly Usage[],
  isMeant: (id: string) => boolean,
): Cost {
  const flows = all.flatMap((usage) => usage.flows);
  const dialled = flows.filter(({ from }) => isMeant(from));
  const accepted = flows.filter(({ to }) => isMeant(to));
  return {
    bytesIn: sum(dialled, ({ answered }) => answered) + sum(accepted, ({ asked }) => asked),
    bytesOut: sum(dialled, ({ asked }) => asked) + sum(accepted, ({ answered }) => answered),
    requestsIn: sum(accepted, ({ requests }) => requests),
    requestsOut: sum(dialled, ({ requests }) => requests),
    cpu: sum(processes, ({ cpu }) => cpu),
    storeCalls: sum(processes, ({ storeCalls }) => storeCalls),
  };
}

function rate(before: Cost, after: Cost, seconds: number): Cost {
  const per = (what: keyof Cost) => (after[what] - before[what]) / seconds;
  return {
    bytesIn: per('bytesIn'),
    bytesOut: per('bytesOut'),
    requestsIn: per('requestsIn'),
    requestsOut: per('requestsOut'),
    cpu: per('cpu'),
    storeCalls: per('storeCalls'),
  };
}

function bytesOf(usages: readonly Usage[]): number {
  return sum(
    usages.flatMap(({ flows }) => flows),
    ({ asked, answered }) => asked + answered,
  );
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function costs(figures: readonly Figures[]): string[] {
  const head = [
    'per second',
    'B in',
    'B out',
    'requests in',
    'out',
    'CPU ms',
    'store calls',
    'heap kB',
  ];
  const line = (what: string, cost: Cost, heap: number) => {
    const { bytesIn, bytesOut, requestsIn, requestsOut, cpu, storeCalls } = cost;
    const traffic = [bytesIn, bytesOut, requestsIn, requestsOut];
    return row(what, [...traffic, cpu, storeCalls, heap / 1_000]);
  };
  const lines = figures.flatMap(({ size, leader, follower, leaderHeap, followerHeap }) => [
    line(`leader of ${size}`, leader, leaderHeap),
    line(`follower of ${size}`, follower, followerHeap),
  ]);
  return [row(head[0], head.slice(1)), ...lines, ''];
}

/** Linear is what costs as much per member in a large group as in a small one. */
function transitions(figures: readonly Figures[]): string[] {
  const head = ['all join', 'ms', 'kB', 'kB each', 'leader steps down', 'ms', 'kB', 'kB each'];
  return [
    row(head[0], head.slice(1)),
    ...figures.map(({ size, joins, change }) => {
      const each = ({ ms, bytes }: Transition) => [ms, bytes / 1_000, bytes / 1_000 / size];
      return row(`a group of ${size}`, [...each(joins), '', ...each(change)]);
    }),
  ];
}

function row(what: string, cells: readonly (number | string)[]): string {
  const texts = cells.map((cell) =>
    typeof cell === 'string' ? cell : cell.toLocaleString('en', { maximumSignificantDigits: 3 }),
  );
  return [what.padEnd(18), ...texts.map((text) => text.padStart(Math.max(12, text.length)))].join(
    ' ',
  );
}
