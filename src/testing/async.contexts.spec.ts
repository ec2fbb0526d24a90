import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import { closeTested, startTested } from '../../test/support/apps/tested.apps.js';
import { OnBroadcast } from '../broadcast/index.js';
import { HedgeService } from '../hedge.service.js';
import { OnLeaderMessage } from '../request/index.js';
import { hedgeTesting } from './index.js';
import { TestClock, TestTime } from './test.time.js';

const storage = new AsyncLocalStorage<string>();

@Injectable()
class Handlers {
  @OnLeaderMessage('ask')
  @OnBroadcast('ask')
  ask(): string {
    return storage.getStore() ?? 'nothing';
  }
}

afterEach(closeTested);

it('handlers know nothing of what their callers have in an AsyncLocalStorage, as those of another process', async () => {
  const testing = hedgeTesting();
  const app = await startTested(testing, { providers: [Handlers] });
  const { hedge } = await testing.join();

  expect(await storage.run('a request', () => hedge.send('ask', {}))).toBe('nothing');
  const broadcast = await storage.run('a request', () =>
    hedge.broadcast('ask', {}, { timeout: 500 }),
  );
  expect(broadcast).toContainEqual({ member: app.get(HedgeService).id, reply: 'nothing' });
});

it('what is due runs where it was asked for, and not where a spec lets time go on', async () => {
  const time = new TestTime(0);
  const clock = new TestClock(time);
  const seen = new Promise((resolve) => {
    storage.run('a request', () => clock.after(1_000, () => resolve(storage.getStore())));
  });
  await storage.run('a spec', () => time.advance(1_000));
  expect(await seen).toBe('a request');
});
