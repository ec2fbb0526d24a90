import { beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS_SHARED } from './leader.messages.js';
import { RecordedLogger } from '../../test/support/simulated/member.rooms.js';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { NamesakeCheck } from './namesake.check.js';

const LEASE = 10_000;

describe('a term that is found under the own address', () => {
  let time: VirtualTime;
  let logger: RecordedLogger;
  let check: NamesakeCheck;

  beforeEach(() => {
    time = new VirtualTime();
    logger = new RecordedLogger();
    const clock = new VirtualClock(time);
    const parts = { id: () => 'a:1', leaseDuration: LEASE, clock, logger: logger.asLogger };
    check = new NamesakeCheck(parts);
  });

  it('is a former life for as long as its lease may last', async () => {
    check.found(1n, LEASE);
    await time.advance(2 * LEASE - 1);
    // Another process renews it: this tells nothing yet.
    check.found(1n, LEASE);

    expect(logger.warnings).toEqual([]);
  });

  it('is another process once it outlives that, and is reported once', async () => {
    check.found(1n, LEASE);
    await time.advance(2 * LEASE + 1);
    check.found(1n, LEASE);
    await time.advance(LEASE);
    check.found(1n, LEASE);

    expect(logger.warnings).toEqual([ADDRESS_SHARED('a:1')]);
  });

  it('gets a lease of its own when it is a newer one', async () => {
    check.found(1n, LEASE);
    await time.advance(2 * LEASE + 1);
    check.found(2n, LEASE);

    expect(logger.warnings).toEqual([]);
  });
});
