import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { startOfFreeRange } from '../support/network/free.ports.js';
import { startDemo, type Demo } from '../support/samples/demo.sample.js';
import { pageAt } from '../support/docs/published.pages.js';
import { startProgram, type CommandResult } from '../support/processes/command-line.process.js';

interface Status {
  url: string;
  id: string;
  pid: number;
  isLeader: boolean;
}

let demo: Demo | undefined;

afterEach(() => demo?.child.kill('SIGKILL'));

it('puts, gets, sends and fails over at any member, and Ctrl-C ends all of it', async () => {
  demo = await startDemo();
  const { child, urls } = demo;
  await vi.waitFor(() => expect(demo?.output).toContain('three members are up'), 20_000);

  const leaders = await Promise.all(urls.map((url) => json<Status>(`${url}/leader`)));
  const [leader] = leaders;
  expect(urls).toContain(leader.url);
  expect(leaders).toEqual([leader, leader, leader]);

  for (const url of urls) {
    const { key, timestamp } = await json<{ key: string; timestamp: string }>(`${url}/log/colour`, {
      method: 'PUT',
      body: `from ${url}`,
    });
    expect(key).toBe('colour');
    for (const other of urls) {
      const entry = await json(`${other}/log/colour`);
      expect(entry).toMatchObject({ value: `from ${url}`, leader: leader.id, timestamp });
    }
    const reply = await json(`${url}/send`, { method: 'POST', body: 'hello' });
    expect(reply).toMatchObject({ answer: 'You said: hello', answeredBy: { url: leader.url } });
    const page = await (await fetch(url)).text();
    expect(page).toContain('<title>nestjs-hedge demo</title>');
  }
  const posted = await fetch(`${urls[0]}/log/colour`, { method: 'POST', body: 'last' });
  expect(posted.status).toBe(201);
  const history = await json<{ value: string }[]>(`${urls[1]}/log/colour/history`);
  const values = ['last', ...urls.map((url) => `from ${url}`).toReversed()];
  expect(history.map(({ value }) => value)).toEqual(values);
  expect((await fetch(`${urls[2]}/log/nothing`)).status).toBe(404);

  process.kill(leader.pid, 'SIGKILL');
  const rest = urls.filter((url) => url !== leader.url);
  const newLeader = await vi.waitFor(
    async () => {
      const status = await json<Status>(`${rest[0]}/leader`);
      expect(rest).toContain(status.url);
      return status;
    },
    { timeout: 20_000, interval: 200 },
  );
  await expect(json(`${rest[1]}/leader`)).resolves.toEqual(newLeader);
  await expect(json(`${rest[1]}/log/colour`)).resolves.toMatchObject({ value: 'last' });
  await json(`${rest[0]}/log/colour`, { method: 'PUT', body: 'after the failover' });
  expect(demo.output).toMatch(new RegExp(`\\[${portOf(leader.url)}\\] is gone`));
  expect(demo.output).toMatch(new RegExp(`\\[${portOf(newLeader.url)}\\] LEADS`));

  const pids = await Promise.all(
    rest.map(async (url) => (await json<Status>(`${url}/status`)).pid),
  );
  child.kill('SIGINT');
  await expect(once(child, 'exit')).resolves.toEqual([0, null]);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('answers every line that its README has people type', async () => {
  demo = await startDemo();
  const { urls } = demo;
  await vi.waitFor(() => expect(demo?.output).toContain('three members are up'), 20_000);
  const lines = pageAt('sample/01-demo/README.md').commands.filter((line) =>
    line.startsWith('curl '),
  );
  const answers = new Map<string, string>();
  for (const line of lines) {
    // Right after a stepDown() nobody is ready, for a moment.
    const { stdout } = await vi.waitFor(async () => {
      const result = await typed(line, urls);
      expect([result.code, result.stderr], line).toEqual([0, expect.stringMatching(/^20[012]$/)]);
      return result;
    }, 10_000);
    answers.set(line, stdout);
  }
  const answerTo = (line: string) => answers.get(`curl ${line}`) ?? '';
  expect(JSON.parse(answerTo('localhost:3001/members'))).toHaveLength(3);
  expect(JSON.parse(answerTo('localhost:3003/log/colour'))).toMatchObject({ value: 'blue' });
  expect(answerTo('localhost:3001/send -d hello')).toContain('You said: hello');
  expect(JSON.parse(answerTo('localhost:3001/broadcast -d hello'))).toHaveLength(3);
});

it('leaves no member behind when the script itself is killed', async () => {
  demo = await startDemo();
  await vi.waitFor(() => expect(demo?.output).toContain('three members are up'), 20_000);
  const statuses = await Promise.all(demo.urls.map((url) => json<Status>(`${url}/status`)));

  demo.child.kill('SIGKILL');

  await vi.waitFor(() => {
    for (const { pid } of statuses) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 20_000);
});

it('says which port is taken, and how to choose others', async () => {
  const base = await startOfFreeRange(3);
  const server = createServer().listen(base + 1);
  await once(server, 'listening');
  try {
    demo = await startDemo(base);
    await expect(once(demo.child, 'exit')).resolves.toEqual([1, null]);
    expect(demo.output).toContain(`Port ${base + 1} is in use`);
    expect(demo.output).toContain('PORT=');
  } finally {
    server.close();
  }
});

/** What a line of the README gives, typed where the demo is; the HTTP status stands alone on stderr. */
function typed(line: string, urls: readonly string[]): Promise<CommandResult> {
  const here = line.replace(/localhost:300([123])/, (_host, number) => urls[Number(number) - 1]);
  const curl = `curl() { command curl --silent --max-time 15 -w '%{stderr}%{http_code}' "$@"; }`;
  return startProgram('sh', ['-c', `${curl}; ${here}`]).result;
}

async function json<T = unknown>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

function portOf(url: string): string {
  return new URL(url).port;
}
