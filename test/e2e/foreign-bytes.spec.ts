import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { HedgeService, OnLeaderMessage } from '../../src/index.js';
import { SOON, useGroup, type App } from '../support/apps/hedge.apps.js';
import { frame } from '../support/messaging/messaging.members.js';
import { dial, greetingFor } from '../support/messaging/strangers.js';

const seen: unknown[] = [];

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('echo')
  echo(data: unknown) {
    seen.push(data);
    return { data, by: this.hedge.id };
  }
}

describe('a stranger at the port', () => {
  const group = useGroup();

  it.each<[string, (app: App) => string | Buffer]>([
    ['an HTTP request', () => 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a TLS greeting', () => Buffer.from('16030100c8010000c40303', 'hex')],
    ['noise', () => Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 251))],
    ['a frame that is no JSON', () => '5#{"a":'],
    ['a frame of a negative length', () => '-1#{}'],
    ['a frame of an immense length', () => '99999999999999999999#'],
    ['a frame that is null', () => '4#null'],
    [
      'a request without a greeting',
      () => frame({ id: 1, pattern: 'leader:echo', data: { d: 1 } }),
    ],
    ['a greeting for another group', (app) => greetingFor(app, group().store, { group: 'other' })],
    ['a greeting for another store', (app) => greetingFor(app, group().store, { store: 'other' })],
  ])('who sends %s is cut off, and nobody else notices', async (_what, bytesFor) => {
    const [leader, follower] = await group().startMany(2, {}, [Handlers]);
    const { token } = leader.hedge.leadership!;
    seen.splice(0);
    const socket = await dial(leader);
    const closed = once(socket, 'close');

    socket.write(bytesFor(leader));
    socket.resume();
    await closed;

    expect(seen).toEqual([]);
    expect(await follower.hedge.send('echo', 1, SOON)).toMatchObject({ data: 1 });
    expect(leader.hedge.leadership?.token).toBe(token);
  });

  it.each([undefined, null, 7, {}, { d: 1 }, { d: 1, t: 'x', w: 5 }, { d: 1, t: '1', w: -1 }])(
    'who greets well and then asks with the envelope %j is refused',
    async (data) => {
      const [leader] = await group().startMany(1, {}, [Handlers]);
      const { token } = leader.hedge.leadership!;
      seen.splice(0);
      const socket = await dial(leader);
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.write(greetingFor(leader, group().store));
      socket.write(frame({ id: 1, pattern: 'leader:echo', data }));
      socket.write(frame({ id: 2, pattern: 'hedge:put', data: { d: { id: 'x' }, t: '1', w: 5 } }));
      socket.write(frame({ id: 3, pattern: 'hedge:heartbeat' }));
      await vi.waitFor(() => expect(received).toContain('"id":3'), SOON);
      socket.destroy();

      expect(received).toMatch(/"id":1,"err":\{"code":"INVALID_ARGUMENT"/);
      expect(received).toMatch(/"id":2,"err":\{"code":"INVALID_ARGUMENT"/);
      expect(seen).toEqual([]);
      expect(leader.hedge.leadership?.token).toBe(token);
    },
  );
});

describe('an address that passed on to another group', () => {
  const group = useGroup();

  it('gets nothing of what was meant for its former owner', async () => {
    const address = '127.0.0.1:0';
    const former = await group().start({ lockName: 'ours', address }, [Handlers]);
    await former.hedge.ready();
    const [ours] = await group().startMany(1, { lockName: 'ours', candidate: false });
    const { id } = former.hedge;
    expect(await ours.hedge.send('echo', 'to ours')).toMatchObject({ by: id });
    await former.close();
    seen.splice(0);

    const other = await group().start({ lockName: 'theirs', address: id }, [Handlers]);
    await other.hedge.ready();
    const sent = ours.hedge.send('echo', 'secret', { timeout: 1_000 });

    await expect(sent).rejects.toMatchObject({ code: 'NO_LEADER' });
    expect(seen).toEqual([]);
    expect(await other.hedge.send('echo', 'theirs')).toMatchObject({ by: id });
  });
});
