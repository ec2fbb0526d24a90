import { BehaviorSubject, skip, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { HedgeError, type HedgeErrorCode } from '../errors/index.js';
import type { Election, KnownLeader, LeaderView } from '../leader/index.js';
import { PeerLostError, StreamReader, type Peers } from '../messaging/index.js';
import { SystemClock } from '../time/index.js';
import { LeaderClient } from './leader.client.js';

/** A request that is lost on its way once, and then fails. */
function failAfterLoss(failure: HedgeError): Promise<unknown> {
  const peers = {
    request: vi
      .fn()
      .mockRejectedValueOnce(new PeerLostError('a:1', 'route'))
      .mockRejectedValueOnce(failure),
  };
  const known = vi.fn().mockResolvedValue({ id: 'a:1', token: 1n });
  const view = { newestTokenText: '1', changes: new Subject(), known };
  const client = new LeaderClient(
    peers as unknown as Peers,
    view as unknown as LeaderView,
    { lookNow: () => undefined } as unknown as Election,
    new SystemClock(),
  );
  const limits = { timeout: 10_000, idempotent: true };
  return client.request('route', 1, limits).catch((error: unknown) => error);
}

/** A stream that member a:1 accepts in term 1, while a newer leader becomes known. */
async function streamFrom(knownThen: KnownLeader) {
  const asked = { id: 'a:1', token: 1n };
  const changes = new BehaviorSubject<KnownLeader>(asked);
  const stream = { closed: new Promise<void>(() => undefined), fail: vi.fn() };
  const accept = async () => {
    if (knownThen.token === 2n) changes.next(knownThen);
    return stream;
  };
  const view = {
    newestTokenText: '1',
    changes: changes.pipe(skip(1)),
    known: async () => asked,
    get current() {
      return changes.value;
    },
  };
  const client = new LeaderClient(
    { stream: accept } as unknown as Peers,
    view as unknown as LeaderView,
    { lookNow: () => undefined } as unknown as Election,
    new SystemClock(),
  );
  await client.stream('route', 1, { reader: new StreamReader() }, { timeout: 10_000 });
  if (knownThen.token > 2n) changes.next(knownThen);
  return stream;
}

describe('a stream that has begun', () => {
  const lost = expect.objectContaining({ code: 'CONNECTION_LOST' });

  it.each([
    ['was known before it', 2n],
    ['becomes known later', 3n],
  ])('ends when a newer term %s', async (_, token) => {
    const { fail } = await streamFrom({ id: 'b:1', token });
    expect(fail).toHaveBeenCalledExactlyOnceWith(lost);
  });

  it.each([2n, 3n])('goes on when it is the same member that leads in term %s', async (token) => {
    const { fail } = await streamFrom({ id: 'a:1', token });
    expect(fail).not.toHaveBeenCalled();
  });
});

describe('a request that may have been carried out at the first attempt', () => {
  it.each<HedgeErrorCode>([
    'NO_HANDLER',
    'NOT_LEADER',
    'NOT_RUNNING',
    'INVALID_ARGUMENT',
    'STORE_UNAVAILABLE',
  ])('ends with CONNECTION_LOST when the second says %s', async (code) => {
    const failure = new HedgeError(code, 'of the second attempt');

    expect(await failAfterLoss(failure)).toMatchObject({ code: 'CONNECTION_LOST', cause: failure });
  });

  it.each<HedgeErrorCode>(['TIMEOUT', 'ABORTED', 'HANDLER_ERROR'])(
    'keeps %s, which leaves it open',
    async (code) => {
      const failure = new HedgeError(code, 'of the second attempt');

      expect(await failAfterLoss(failure)).toBe(failure);
    },
  );
});
