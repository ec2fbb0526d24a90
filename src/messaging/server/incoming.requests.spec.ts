import { beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/time/virtual.clock.js';
import { IncomingRequests } from './incoming.requests.js';

const LIMIT = 3;

describe('the requests that a member may have open', () => {
  let running: (() => void)[];
  let replies: string[];
  let requests: IncomingRequests;

  beforeEach(() => {
    running = [];
    replies = [];
    const server = {
      id: 'self:1',
      maxPending: LIMIT,
      handlerOf: () => () => new Promise<void>((resolve) => running.push(resolve)),
      failureOf: (_packet: unknown, error: unknown) => String(error),
    };
    const sink = {
      maxFrameLength: 10_000,
      waitingBytes: 0,
      sendFrame: (json: string) => replies.push(json) > 0,
    };
    requests = new IncomingRequests({ id: 'a:1', instanceId: 'a' }, false, server, sink);
  });

  function send(packet: object): void {
    requests.receive(packet, 10);
  }

  async function refused(): Promise<boolean> {
    replies = [];
    send({ id: 99, pattern: 'x' });
    await settled();
    return replies.some((reply) => reply.includes('HedgeError'));
  }

  it.each([
    ['requests', (id: number) => ({ id, pattern: 'x' })],
    ['requests under one id', () => ({ id: 1, pattern: 'x' })],
    ['streams', (id: number) => ({ id, pattern: 'x', stream: { credit: 1 } })],
  ])(
    'are counted until their handlers have finished, given up or not: %s',
    async (_what, packet) => {
      for (let id = 1; id <= LIMIT; id++) {
        send(packet(id));
        send({ cancel: id });
      }
      await settled();
      expect(running).toHaveLength(LIMIT);
      expect(await refused()).toBe(true);
      expect(running).toHaveLength(LIMIT);

      for (const finish of running) finish();
      await settled();
      expect(await refused()).toBe(false);
    },
  );
});
