import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { MemberIdentity, securePort } from '../../src/messaging/index.js';
import { SeededRandom } from '../support/simulated/seeded.random.js';
import { fuzzedFrame, type FuzzedFrame } from './port-fuzz.frames.js';
import { closeOf, frame, HOST } from '../support/messaging/messaging.members.js';
import type { PortChild, PortReport } from './port-fuzz.process.js';

const CHILD = new URL('../../build/test/e2e/port-fuzz.process.js', import.meta.url);
const SECRET = 'a secret that is long enough';
const FRAMES = 50_000;
const FRAMES_A_CONNECTION = 20;
const AT_A_TIME = 8;
/** The heap of a process that is at rest differs by less; 100 bytes a frame would be more. */
const MOST_GROWTH = 50 * FRAMES;

describe('a port that is thrown everything at', () => {
  let child: ChildProcess | undefined;

  afterEach(() => child?.kill('SIGKILL'));

  it.each([
    ['a plain port', undefined, 1],
    ['a secured port', SECRET, 2],
  ])(
    `answers, and has its memory back, after ${FRAMES} frames: %s`,
    { timeout: 240_000 },
    async (_what, secret, seed) => {
      child = fork(CHILD, { env: { ...process.env, SECRET: secret } });
      const [member] = (await once(child, 'message')) as [PortChild];
      const secrets = secret === undefined ? [] : [secret];
      const client = (await securePort({ secrets, tls: undefined }, 'group'))?.client;
      const random = new SeededRandom(seed);

      // The first ones fill caches that stay.
      const before = await flood(member, client, random, FRAMES / 5).then(() => atRest(child!));
      const { answered, connections } = await flood(member, client, random, FRAMES);
      const after = await atRest(child);

      expect(answered).toBeGreaterThan(FRAMES / 20);
      expect(connections).toBeGreaterThan(FRAMES / 100);
      expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
      // A few kinds of warnings, once each, and no errors of ours.
      expect(after.lines.length).toBeLessThan(10);
      expect(after.lines.filter((line) => !line.startsWith('Closed a connection'))).toEqual([]);
    },
  );
});

/** Writes so many frames, over as many connections as that takes, and checks every answer there must be. */
async function flood(
  member: PortChild,
  client: ConnectionOptions | undefined,
  random: SeededRandom,
  count: number,
): Promise<{ answered: number; connections: number }> {
  const total = { answered: 0, connections: 0 };
  let left = count;
  const worker = async () => {
    while (left > 0) {
      const frames = someFrames(random);
      left -= frames.length;
      total.connections++;
      const answered = await talk(member, client, frames);
      total.answered += answered;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return total;
}

/** Up to the first one that ends the connection. */
function someFrames(random: SeededRandom): FuzzedFrame[] {
  const frames: FuzzedFrame[] = [];
  while (frames.length < FRAMES_A_CONNECTION && !frames.at(-1)?.isLast) {
    frames.push(fuzzedFrame(random, frames.length + 1));
  }
  return frames;
}

/** @returns how many requests were answered, all of them where the connection lasted */
async function talk(
  { id, store }: PortChild,
  client: ConnectionOptions | undefined,
  frames: readonly FuzzedFrame[],
): Promise<number> {
  const port = Number(id.split(':')[1]);
  const socket = client ? connectTls({ ...client, host: HOST, port }) : connect(port, HOST);
  socket.on('error', () => undefined);
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  socket.write(greeting(id, store));
  const isSpoilt = frames.at(-1)?.isLast ?? false;
  for (const { bytes } of frames) socket.write(bytes);
  const expected = frames.flatMap(({ echo }) => echo ?? []);
  if (isSpoilt) {
    socket.end();
    await closeOf(socket);
    return 0;
  }
  await answersTo(socket, frames.length, () => received);
  for (const echo of expected) {
    const reply = JSON.stringify({ id: echo.id, response: echo.data, isDisposed: true });
    expect(received).toContain(reply);
  }
  socket.destroy();
  return expected.length;
}

/** Every frame is answered, one way or another, and so is the greeting. */
async function answersTo(socket: Socket, count: number, received: () => string): Promise<void> {
  while (received().split('"isDisposed":true}').length - 2 < count) {
    await once(socket, 'data', { signal: AbortSignal.timeout(20_000) });
  }
}

function greeting(id: string, store: string): string {
  const { protocol, instanceId } = new MemberIdentity('group');
  const data = { ...protocol, group: 'group', store, instanceId, from: `${HOST}:1`, to: id };
  return frame({ id: 0, pattern: 'hedge:hello', data });
}

async function atRest(child: ChildProcess): Promise<PortReport> {
  for (;;) {
    child.send('report');
    const [report] = (await once(child, 'message')) as [PortReport];
    if (report.connections === 0) return report;
  }
}
