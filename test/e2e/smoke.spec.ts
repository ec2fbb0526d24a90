import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterEach, expect, it, vi } from 'vitest';
import { HedgeContext, HedgeService, OnLeaderMessage } from '../../src/index.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import { startApp, type App } from '../support/hedge-apps.js';

@Injectable()
class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('echo')
  echo(@Payload() data: unknown, @Ctx() context: HedgeContext) {
    return {
      data,
      sender: context.getSender(),
      token: context.getToken().toString(),
      by: this.hedge.id,
    };
  }
}

let apps: App[] = [];
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

it('works', async () => {
  const store = sqliteStore(':memory:');
  for (let i = 0; i < 3; i++) apps.push(await startApp({ store }, [Handlers]));
  await Promise.all(apps.map(({ hedge }) => hedge.ready()));
  const leaders = apps.filter(({ hedge }) => hedge.isLeader());
  expect(leaders).toHaveLength(1);
  const follower = apps.find(({ hedge }) => !hedge.isLeader())!;

  await leaders[0].close();

  await follower.hedge.put('k', 'v2');
  await vi.waitFor(() => expect(apps.filter(({ hedge }) => hedge.isLeader())).toHaveLength(1));
});
