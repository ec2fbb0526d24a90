import { setImmediate as nextTick } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../time/index.js';
import { MessageServer } from '../server/message.server.js';
import { MemberIdentity } from '../wire/member.identity.js';
import { OwnConnection } from './own.connection.js';
import { PeerLostError, PeerUnreachableError } from './peer.errors.js';

describe('a request of a member to itself', () => {
  const handler = vi.fn(() => new Promise(() => undefined));
  let connection: OwnConnection;

  beforeEach(() => {
    handler.mockClear();
    const identity = new MemberIdentity('group');
    const server = new MessageServer(identity);
    server.handle('r', handler);
    connection = new OwnConnection({
      identity,
      server,
      clock: new SystemClock(),
      maxFrameLength: 1_000,
    });
  });

  function ask(signal?: AbortSignal): Promise<unknown> {
    const options = { timeout: 1_000, ...(signal && { signal }) };
    return connection.request('r', 1, options).catch((error: unknown) => error);
  }

  it('reaches its handler in a later tick, and never when it was given up before', async () => {
    const controller = new AbortController();
    void ask();
    void ask(controller.signal);
    controller.abort();
    expect(handler).not.toHaveBeenCalled();
    await nextTick();
    expect(handler).toHaveBeenCalledOnce();
    connection.close();
  });

  it('counts as sent from that tick on', async () => {
    const early = ask();
    await nextTick();
    const late = ask();
    connection.close();
    expect(await early).toBeInstanceOf(PeerLostError);
    expect(await late).toBeInstanceOf(PeerUnreachableError);
    await nextTick();
    expect(handler).toHaveBeenCalledOnce();
  });
});
