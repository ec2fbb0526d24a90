import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import {
  HedgeError,
  HedgeService,
  OnLeaderMessage,
  OnLeadershipGained,
  OnLeadershipLost,
} from '../../src/index.js';
import { sqliteStore } from '../../src/store/sqlite/index.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { SOON, useGroup } from '../support/apps/hedge.apps.js';

@Injectable()
class WithoutText {
  @OnLeadershipGained()
  @OnLeadershipLost()
  fail(): void {
    throw Object.create(null);
  }
}

@Injectable()
class Diary {
  readonly entries: string[] = [];

  @OnLeadershipGained()
  gained(): void {
    this.entries.push('gained');
  }

  @OnLeadershipLost()
  lost(): void {
    this.entries.push('lost');
  }
}

@Injectable()
class LastWords {
  code: unknown;

  constructor(private readonly hedge: HedgeService) {}

  @OnLeadershipLost()
  async lost(): Promise<void> {
    const put = this.hedge.put('last', 'words');
    this.code = await put.catch((error: unknown) =>
      error instanceof HedgeError ? error.code : error,
    );
  }
}

@Injectable()
class Slow {
  finish: () => void = () => undefined;
  isRunning = false;

  @OnLeaderMessage('slow')
  async slow(): Promise<void> {
    this.isRunning = true;
    await new Promise<void>((resolve) => (this.finish = resolve));
  }
}

describe('leadership', () => {
  const group = useGroup();

  it('is given back whatever a hook throws', async () => {
    const first = await group().start({}, [WithoutText]);
    await first.hedge.ready(SOON);
    const [second] = await group().startMany(1);
    await first.hedge.stepDown();
    await vi.waitFor(() => expect(second.hedge.isLeader()).toBe(true), SOON);
  });

  it('is lost before a hook that puts can wait for the next leader', async () => {
    const app = await group().start({ drainTimeout: 60_000 }, [LastWords]);
    await app.hedge.ready(SOON);
    await app.hedge.stepDown();
    expect(app.get(LastWords).code).toBe('NOT_LEADER');
  });

  it('is gained before it is lost, even if a subscriber steps down at once', async () => {
    const app = await group().start({}, [Diary]);
    const { events$ } = app.hedge;
    await app.hedge.ready(SOON);
    await app.hedge.stepDown();
    const steppedDown = new Promise<void>((resolve) => {
      const subscription = events$.subscribe(({ type }) => {
        if (type !== 'leadership.gained') return;
        subscription.unsubscribe();
        app.hedge.stepDown().then(resolve, resolve);
      });
    });
    await steppedDown;
    expect(app.get(Diary).entries).toEqual(['gained', 'lost', 'gained', 'lost']);
  });

  it('shows the same to whoever asks while a new leader is announced', async () => {
    const app = await group().start();
    const seen = new Promise<unknown>((resolve) => {
      app.hedge.events$.subscribe((event) => {
        if (event.type !== 'leader.changed' || event.leader !== app.hedge.id) return;
        const { leadership } = app.hedge;
        resolve([app.hedge.isLeader(), app.locks.hasLock(), leadership?.signal.aborted]);
      });
    });
    await app.hedge.ready(SOON);
    await app.hedge.stepDown();
    expect(await seen).toEqual([true, true, false]);
  });

  it('is not taken again by a member that is closing', async () => {
    const store = new FaultyStore(sqliteStore(':memory:'));
    const app = await group().start({ store, drainTimeout: 10_000 }, [Slow]);
    await app.hedge.ready(SOON);
    const slow = app.get(Slow);
    const sent = app.hedge.send('slow', null).catch(() => undefined);
    await vi.waitFor(() => expect(slow.isRunning).toBe(true), SOON);
    const closed = app.close();
    store.fault = () => 'unavailable';
    await vi.waitFor(() => expect(app.hedge.isLeader()).toBe(false), SOON);
    const looks = vi.fn<() => undefined>();
    store.fault = (method) => (method === 'rows' ? looks() : undefined);
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(2), SOON);
    slow.finish();
    await closed;
    await sent;
    expect(app.events.filter(({ type }) => type === 'leadership.gained')).toHaveLength(1);
  });
});
