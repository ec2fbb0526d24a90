import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { HedgeError, type HedgeErrorCode } from '../errors/index.js';
import type { Election, LeaderView } from '../leader/index.js';
import { PeerLostError, type Peers } from '../messaging/index.js';
import { SystemClock } from '../session/index.js';
import { LeaderClient } from './leader.client.js';

/** A request that is lost on its way once, and then fails with the code. */
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
