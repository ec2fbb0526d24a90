import { describe, expect, it } from 'vitest';
import { HedgeError } from '../errors/index.js';
import type { Member } from '../membership/index.js';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import type { Election } from './election.js';
import type { GroupMembers } from './group.members.js';
import { LeaderCheck } from './leader.check.js';
import { LeaderView } from './leader.view.js';

const other: Member = {
  id: 'b:1',
  isLeader: true,
  isSelf: false,
  joinedAt: new Date(0),
  metadata: {},
};

describe('the check whether a member leads', () => {
  const time = new VirtualTime();
  const view = new LeaderView(new VirtualClock(time));

  function checkOf(leader?: Member, notRunning?: HedgeError, known = view): LeaderCheck {
    const election = { term: undefined } as Election;
    const members = { leader } as GroupMembers;
    return new LeaderCheck({
      election,
      view: known,
      members,
      id: () => 'a:1',
      notRunning: () => notRunning,
    });
  }

  it('names another member that leads, and has clients ask again soon', () => {
    const follower = checkOf(other);

    expect(follower.isLeader()).toBe(false);
    expect(follower.leader).toBe(other);
    expect(follower.retryAfter(other)).toBe(1);
    expect(follower.refusal(other)).toMatchObject({
      code: 'NOT_LEADER',
      status: 503,
      message: expect.stringContaining('The leader is b:1'),
    });
  });

  it('has clients wait for the lease of a leader that is gone', async () => {
    const orphan = checkOf();
    expect(orphan.retryAfter(undefined)).toBe(1);

    view.observe({ id: 'b:1', token: 7n }, 4_001);
    // Not listed yet, or no longer: it gives its lock back.
    expect(orphan.retryAfter(undefined)).toBe(1);
    view.silent('c:1');
    expect(orphan.retryAfter(undefined)).toBe(1);
    view.silent('b:1');

    expect(orphan.retryAfter(undefined)).toBe(5);
    await time.advance(3_500);
    expect(orphan.retryAfter(undefined)).toBe(1);
    await time.advance(1_000);
    expect(orphan.retryAfter(undefined)).toBe(1);
    view.observe({ id: 'a:1', token: 8n }, Infinity);
    view.forget(8n);
    expect(orphan.retryAfter(undefined)).toBe(1);
  });

  it('has clients ask again soon when its own term has run out, and nothing has ended it yet', () => {
    const own = new LeaderView(new VirtualClock(time));
    // As the election does it: of itself a member knows until it knows better.
    own.confirm({ id: 'a:1', token: 1n }, Infinity, 0n);

    expect(checkOf(undefined, undefined, own).retryAfter(undefined)).toBe(1);
  });

  it('names no member, not itself either, when it leads no more', () => {
    expect(checkOf({ ...other, isSelf: true }).leader).toBeUndefined();
  });

  it('is unknown while the member does not run', () => {
    const notRunning = new HedgeError('NOT_RUNNING', 'not yet');
    const stopped = checkOf(other, notRunning);

    view.observe({ id: 'b:1', token: 9n }, 60_000);
    expect(stopped.leader).toBeUndefined();
    expect(stopped.retryAfter(undefined)).toBe(1);
    expect(stopped.refusal(undefined)).toBe(notRunning);
  });
});
