import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordedLogger } from '../../test/support/simulated/member.rooms.js';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { StoreError } from '../errors/index.js';
import type { HedgeStore } from '../store/index.js';
import { StoreOpener } from './store.opener.js';

const AWAY = new StoreError('unavailable', 'away');
const REFUSAL = new StoreError('invalid', 'no table');

describe('the opener of a store', () => {
  let time: VirtualTime;
  let logger: RecordedLogger;
  let stop: AbortController;
  /** What the next attempts fail with; after that the store opens. */
  let failures: Error[];
  let opener: StoreOpener;
  const opened = vi.fn();

  beforeEach(() => {
    time = new VirtualTime();
    logger = new RecordedLogger();
    stop = new AbortController();
    failures = [];
    opened.mockClear();
    const open = () => {
      const failure = failures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve();
    };
    const store = { description: 'a store', open } as unknown as HedgeStore;
    const base = { store, clock: new VirtualClock(time), logger: logger.asLogger };
    opener = new StoreOpener(base, stop.signal, opened);
  });

  it('opens it at once', async () => {
    await opener.open();

    expect(opened).toHaveBeenCalledOnce();
    expect(logger.warnings).toEqual([]);
  });

  it('fails on an error that no waiting mends', async () => {
    failures = [REFUSAL];

    await expect(opener.open()).rejects.toBe(REFUSAL);
    expect(opened).not.toHaveBeenCalled();
  });

  it('tries again while the store is away, and reports each lasting error once', async () => {
    failures = [AWAY, AWAY, REFUSAL, REFUSAL];
    await opener.open();
    expect(opened).not.toHaveBeenCalled();
    await time.advance(10_000);

    expect(opened).toHaveBeenCalledOnce();
    expect(logger.warnings).toEqual([expect.stringContaining('away'), 'no table']);
  });

  it('tries no more when the member shuts down', async () => {
    failures = Array.from({ length: 100 }, () => AWAY);
    await opener.open();
    stop.abort();
    await opener.settled;
    const left = failures.length;
    await time.advance(10_000);

    expect(failures).toHaveLength(left);
    expect(opened).not.toHaveBeenCalled();
  });
});
