import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { NEVER } from 'rxjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeContext, HedgeStream, OnLeaderStream } from '../../src/index.js';
import { Cluster } from '../support/cluster/cluster.js';
import { SOON, startApp, type App } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';
import { countedSource, readAll } from '../support/messaging/stream.readers.js';
import { freshFile, removeFile } from '../support/stores/database.file.js';

const inputs: Promise<unknown>[] = [];
const signals: AbortSignal[] = [];

@Injectable()
class Handlers {
  @OnLeaderStream('read')
  read(@Payload() input: HedgeStream<number>, @Ctx() context: HedgeContext) {
    signals.push(context.getSignal());
    const reading = (async () => {
      for await (const number of input) expect(number).toBeGreaterThanOrEqual(0);
    })();
    reading.catch(() => undefined);
    inputs.push(reading);
    return NEVER;
  }
}

describe('a stream between processes', () => {
  let file: string;
  let cluster: Cluster;
  const apps: App[] = [];

  function hedge() {
    return { database: `sqlite:${file}`, lockName: 'group', leaseDuration: 1_000 };
  }

  async function start(): Promise<App> {
    const app = await startApp(hedge(), [Handlers]);
    apps.push(app);
    await app.hedge.ready(SOON);
    return app;
  }

  beforeEach(async () => {
    logs.clear();
    file = await freshFile();
    cluster = new Cluster({ hedge: hedge() });
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await cluster[Symbol.asyncDispose]();
    await removeFile(file);
  });

  it('ends at the caller with a typed error when the leader is killed, and gives its input back', async () => {
    const [leader] = await cluster.start(1);
    await cluster.leader();
    const app = await start();
    const input = countedSource();
    const iterator = app.hedge.stream('read', input)[Symbol.asyncIterator]();
    for (let n = 0; n < 1_000; n++)
      expect(await iterator.next()).toEqual({ done: false, value: n });
    await leader.kill();
    await expect(readAll(iterator)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(input.returned).toHaveBeenCalledOnce();
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'ends at the leader when the caller gets %s',
    async (signal) => {
      const app = await start();
      const [caller] = await cluster.start(1);
      await vi.waitFor(() => expect(app.hedge.members()).toHaveLength(2), SOON);
      await caller.call('stream', 'read');
      await vi.waitFor(() => expect(inputs).toHaveLength(1), SOON);
      caller.signal(signal);
      await expect(inputs.pop()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(signals.pop()?.aborted).toBe(true);
      if (signal === 'SIGSTOP') caller.signal('SIGCONT');
    },
  );

  it('of a hundred thousand values leaves the heap of the caller as it was', async () => {
    await cluster.start(1);
    await cluster.leader();
    const app = await start();
    const text = 'x'.repeat(1_000);
    const input = countedSource(100_000, (n) => `${n} ${text}`);
    const before = usedHeap();
    let most = 0;
    let count = 0;
    for await (const value of app.hedge.stream<string>('read', input)) {
      expect(value.startsWith(`${count} `)).toBe(true);
      if (++count % 10_000 === 0) most = Math.max(most, usedHeap());
    }
    expect(count).toBe(100_000);
    // Two windows of values, where all of them would be a hundred megabytes.
    expect(most - before).toBeLessThan(10 * 1024 * 1024);
  });
});

/** Bytes, once what is garbage has been collected. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
