import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../test/support/time/virtual.clock.js';
import { VirtualTime } from '../../testing/virtual.time.js';
import type { ReplyPacket } from '../wire/protocol.js';
import { NOT_A_REPLY } from './client.messages.js';
import { OutgoingRequests } from './outgoing.requests.js';

/** A connection that takes frames while nothing waits in it. */
class TrialSink {
  readonly maxFrameLength = 1_000;
  waitingBytes = 0;
  isOpen = true;
  readonly sent: string[] = [];

  sendFrame(json: string): boolean {
    if (this.isOpen) this.sent.push(json);
    return this.isOpen;
  }

  get ids(): unknown[] {
    return this.sent.map((json) => JSON.parse(json).id);
  }
}

describe('the requests on a connection', () => {
  let sink: TrialSink;
  let clock: VirtualClock;
  let givenUp: boolean[];
  let goaways: number;
  let requests: OutgoingRequests;

  beforeEach(() => {
    sink = new TrialSink();
    clock = new VirtualClock(new VirtualTime());
    givenUp = [];
    goaways = 0;
    requests = new OutgoingRequests({
      peer: 'b:1',
      sink,
      clock,
      onGivenUp: (isSilent) => givenUp.push(isSilent),
      onGoaway: () => goaways++,
    });
  });

  function ask(options: { timeout?: number; signal?: AbortSignal } = {}): Promise<unknown> {
    const request = requests.request({ pattern: 'r' }, { timeout: 100, ...options });
    return request.catch((error: unknown) => error);
  }

  function receive(packet: object): string | undefined {
    return requests.receive(packet as ReplyPacket, JSON.stringify(packet).length);
  }

  it('leave at once, and settle with their replies', async () => {
    const [first, second] = [ask(), ask()];
    expect(sink.ids).toEqual([1, 2]);
    receive({ id: 2, response: 'b', isDisposed: true });
    receive({ id: 1, response: 'a', isDisposed: true });
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
    expect(requests.isEmpty).toBe(true);
  });

  it('wait while the connection takes none, and leave in their order', () => {
    sink.waitingBytes = Infinity;
    for (let n = 0; n < 3; n++) void ask();
    expect(sink.ids).toEqual([]);
    requests.wake();
    expect(sink.ids).toEqual([]);
    sink.waitingBytes = 0;
    void ask();
    expect(sink.ids).toEqual([]);
    requests.wake();
    expect(sink.ids).toEqual([1, 2, 3, 4]);
  });

  it('never leave when they were given up before, and are cancelled when they were after', async () => {
    sink.waitingBytes = Infinity;
    const controller = new AbortController();
    const replies = [ask({ signal: controller.signal }), ask({ timeout: 10 })];
    void ask();
    controller.abort();
    await clock.advance(10);
    sink.waitingBytes = 0;
    requests.wake();
    expect(sink.ids).toEqual([3]);
    await clock.advance(90);
    expect(JSON.parse(sink.sent[1])).toEqual({ cancel: 3 });
    expect(await Promise.all(replies)).toMatchObject([{ code: 'ABORTED' }, { code: 'TIMEOUT' }]);
  });

  it('tell of silence when they expire and nothing has arrived since they left', async () => {
    void ask({ timeout: 10 });
    await clock.advance(10);
    void ask({ timeout: 10 });
    receive({ id: 99, response: 'to another', isDisposed: true });
    await clock.advance(10);
    expect(givenUp).toEqual([true, false]);
  });

  it('can be repeated elsewhere when the other side goes away without having read them', async () => {
    const read = ask();
    const unread = ask();
    sink.waitingBytes = Infinity;
    const unsent = ask();
    expect(receive({ goaway: 1 })).toBeUndefined();
    expect(goaways).toBe(1);
    expect(await Promise.all([unread, unsent])).toMatchObject([{ sent: false }, { sent: false }]);
    requests.end('closed');
    expect(await read).toMatchObject({ sent: true });
  });

  it('count as unsent when the connection was closed already', async () => {
    sink.isOpen = false;
    const reply = ask();
    requests.end('closed');
    expect(await reply).toMatchObject({ sent: false });
  });

  it('tell of frames that no member sends', () => {
    expect(receive({ what: 1 })).toBe(NOT_A_REPLY);
    expect(receive({ id: 7, response: 'too late', isDisposed: true })).toBeUndefined();
  });
});
