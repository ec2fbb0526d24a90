import { expect, it, vi } from 'vitest';
import type { SpannerConnection } from './spanner.connection.js';
import { Attempt } from './spanner.attempt.js';
import { SpannerSessions } from './spanner.sessions.js';

const never = new AbortController().signal;
const attempt = () => new Attempt({ timeout: 1_000 }, 'd', never);

function sessionsOn(options: { isEmulator: boolean }) {
  let made = 0;
  const call = vi.fn(async (_method: string, _request: object) => ({ name: `s${(made += 1)}` }));
  const target = { name: { path: 'd' }, ...options };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what of it is in use
  const sessions = new SpannerSessions({ call, target } as unknown as SpannerConnection);
  const deleted = () =>
    call.mock.calls.flatMap(([method, request]) => (method === 'deleteSession' ? [request] : []));
  return { sessions, deleted };
}

const fail = () => Promise.reject(new Error('no answer'));

it('ends on the server what a call without an answer may still hold', async () => {
  const { sessions, deleted } = sessionsOn({ isEmulator: false });
  await expect(sessions.use('lease', attempt(), fail)).rejects.toThrow('no answer');
  expect(deleted()).toEqual([{ name: 's1' }]);
});

it('leaves that to the emulator, which dies when a session is deleted while a call runs in it', async () => {
  const { sessions, deleted } = sessionsOn({ isEmulator: true });
  await expect(sessions.use('lease', attempt(), fail)).rejects.toThrow('no answer');
  const next = await sessions.use('lease', attempt(), async ({ name }) => name);
  await sessions.close(1_000);

  expect(next).toBe('s2');
  expect(deleted()).toEqual([{ name: 's2' }]);
});
