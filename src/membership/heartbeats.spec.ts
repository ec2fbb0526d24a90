import { beforeEach, describe, expect, it, vi } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/virtual-clock.js';
import type { Caller, MessageHandler, MessageServer, Peers } from '../messaging/index.js';
import { Heartbeats } from './heartbeats.js';

const LEASE = 6_000;
const INTERVAL = LEASE / 6;

describe('heartbeats', () => {
  const answer = { leads: true, leader: 'a:1', token: '1', remaining: 5 };
  const handlers = new Map<string, MessageHandler>();
  const request = vi.fn();
  const heard = vi.fn();
  let time: VirtualTime;
  let heartbeats: Heartbeats;

  beforeEach(() => {
    handlers.clear();
    request.mockReset().mockResolvedValue(answer);
    heard.mockReset();
    time = new VirtualTime();
    const server = {
      handle: (route: string, handler: MessageHandler) => handlers.set(route, handler),
    };
    heartbeats = new Heartbeats(
      server as unknown as MessageServer,
      { request, onClose: () => () => undefined } as unknown as Peers,
      new VirtualClock(time),
      LEASE,
      { describeSelf: () => answer, heard, lost: () => undefined },
    );
  });

  function receive(route: string, data: unknown, id: string): void {
    const caller: Caller = { id, instanceId: id, isSelf: false, route };
    handlers.get(route)?.(data, caller);
  }

  it('keep their pace, however often the leader was lost and found during one', async () => {
    for (let i = 0; i < 10; i++) {
      heartbeats.follow('a:1');
      heartbeats.follow(undefined);
    }
    heartbeats.follow('a:1');
    request.mockClear();

    await time.advance(5 * INTERVAL);

    expect(request).toHaveBeenCalledTimes(5);
    heartbeats.stop();
    heartbeats.follow('b:1');
    await time.advance(5 * INTERVAL);
    expect(request).toHaveBeenCalledTimes(5);
  });

  it('carry news only to those that asked lately', async () => {
    receive('hedge:heartbeat', undefined, 'old:1');
    await time.advance(6 * INTERVAL);
    receive('hedge:heartbeat', undefined, 'new:1');

    await heartbeats.tell(100);

    expect(request.mock.calls.map(([id]) => id)).toEqual(['new:1']);
  });

  it('bring news of leases longer than any timer', () => {
    receive('hedge:leader-news', { ...answer, remaining: 2 ** 40 }, 'a:1');

    expect(heard).toHaveBeenCalledWith('a:1', { ...answer, remaining: 2 ** 31 - 1 });
  });
});
