/** Starts the app three times, as three processes that share one database file. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** ms until a member that was killed is started again, as an orchestrator would. */
const COMES_BACK = 10_000;

const first = Number(process.env['PORT'] ?? 3001);
const ports = [first, first + 1, first + 2];
const urls = ports.map((port) => `http://localhost:${port}`);
const running = new Set<ChildProcess>();
const startedAt = performance.now();
const ending = new AbortController();

if (!Number.isInteger(first) || first < 1 || first > 65_533) {
  fail(`Expected PORT to be a number from 1 to 65533, got '${process.env['PORT']}'.`);
}
const busy = await Promise.all(ports.map(isBusy));
if (busy.includes(true)) {
  const taken = ports.filter((_port, index) => busy[index]).join(', ');
  fail(
    `Port ${taken} is in use. Free it, or choose others: PORT=4001 npm start takes 4001 to 4003.`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'hedge-demo-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
say(`Starting three members on ${urls.join(', ')}; database ${join(folder, 'hedge.db')}`);
const ends = ports.map(startMember);
void explain();
await Promise.all(ends);
await rm(folder, { recursive: true, force: true });
say(ending.signal.aborted ? 'All members have ended.' : 'No member is left.');
process.exitCode = ending.signal.aborted ? 0 : 1;

/** Resolves when the member is not to be started again. */
async function startMember(port: number): Promise<void> {
  const signal = await runMember(port);
  if (ending.signal.aborted) return;
  if (!signal) {
    tell(port, `has ended by itself. ${running.size} go on.`);
    return;
  }
  tell(port, `is gone (${signal}). ${running.size} go on; it is back in ${COMES_BACK / 1_000} s.`);
  try {
    await delay(COMES_BACK, undefined, { signal: ending.signal });
  } catch {
    return;
  }
  await startMember(port);
}

/** @returns the signal that ended it */
async function runMember(port: number): Promise<NodeJS.Signals | null> {
  const member = fork(fileURLToPath(new URL('./member.js', import.meta.url)), {
    env: { ...process.env, PORT: `${port}`, DATABASE: `sqlite:${join(folder, 'hedge.db')}` },
    silent: true,
  });
  running.add(member);
  prefix(member.stdout, port);
  prefix(member.stderr, port);
  const [, signal] = (await once(member, 'exit')) as [number | null, NodeJS.Signals | null];
  running.delete(member);
  return signal;
}

async function explain(): Promise<void> {
  const answers = await Promise.all(urls.map(waitForLeader));
  if (ending.signal.aborted || answers.includes(undefined)) return;
  const [a, b, c] = urls;
  say(`
The three members are up. Any of them answers; try in another terminal:
  curl ${a}/leader                          who leads, and its pid
  curl -X PUT ${b}/log/colour -d blue       put, by the leader's hand
  curl ${c}/log/colour                      get
  curl ${c}/log/colour/history              all versions, newest first
  curl ${b}/send -d hello                   a message to the leader
  curl ${b}/broadcast -d hello              and to all members
  kill -9 <pid of the leader>                               another one takes over within about 3 seconds
or open ${a} in a browser, and kill the leader there. Ctrl-C ends all three.
`);
}

async function waitForLeader(url: string): Promise<unknown> {
  while (!ending.signal.aborted && running.size === urls.length) {
    try {
      return await (await fetch(`${url}/leader`)).json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return undefined;
}

/** Members that got the terminal's Ctrl-C themselves take no notice of a second signal. */
function end(): void {
  if (ending.signal.aborted) return;
  ending.abort();
  say('Ending: leadership is given back first.');
  for (const member of running) member.kill('SIGTERM');
  setTimeout(() => {
    for (const member of running) member.kill('SIGKILL');
  }, 10_000).unref();
}

function prefix(output: Readable | null, port: number): void {
  if (output) createInterface({ input: output }).on('line', (line) => tell(port, line));
}

async function isBusy(port: number): Promise<boolean> {
  const server = createServer();
  const answer = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(true)).once('listening', () => resolve(false));
  });
  server.listen(port);
  const result = await answer;
  server.close();
  return result;
}

function tell(port: number, text: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6);
  say(`${seconds} s [${port}] ${text}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
