import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { LeaderView, type KnownLeader } from './leader.view.js';

const A: KnownLeader = { id: 'a:1', token: 10n };
const B: KnownLeader = { id: 'b:1', token: 20n };

describe('what a member knows of the leader', () => {
  let time: VirtualTime;
  let view: LeaderView;
  let changes: (string | undefined)[];

  beforeEach(() => {
    time = new VirtualTime();
    view = new LeaderView(new VirtualClock(time));
    changes = [];
    view.changes.subscribe((leader) => changes.push(leader?.id));
  });

  it('is nothing at first', () => {
    expect(view.current).toBeUndefined();
    expect(view.newestTokenText).toBe('0');
  });

  it('expires', async () => {
    view.observe(A, 100);
    await time.advance(99);
    expect(view.current).toEqual(A);

    await time.advance(1);
    expect(view.current).toBeUndefined();
  });

  it('expires later after a message of the same term, never earlier', () => {
    view.observe(A, 100);
    view.observe(A, 500);
    view.observe(A, 50);

    expect(view.remaining()).toBe(500);
    expect(changes).toEqual(['a:1']);
  });

  it('moves on to newer terms only', () => {
    view.observe(B, 100);
    view.observe(A, 100);

    expect(view.current).toEqual(B);
    expect(changes).toEqual(['b:1']);
  });

  it('goes back to no term that a newer one replaced, even after that one has ended', () => {
    view.observe(B, 100);
    view.forget(B.token);
    view.observe(A, 100);

    expect(view.current).toBeUndefined();
  });

  it('believes the store rather than an earlier message', () => {
    view.observe(B, 100);
    view.confirm(A, 100, B.token);

    expect(view.current).toEqual(A);
    expect(view.newestTokenText).toBe(`${A.token}`);
  });

  it('believes a message that came while the store was asked', () => {
    view.observe(B, 100);
    view.confirm(A, 100, A.token);

    expect(view.current).toEqual(B);
  });

  it('takes a shorter lease from a newer term', () => {
    view.observe(A, 1_000);
    view.observe(B, 10);

    expect(view.remaining()).toBe(10);
  });

  it('ends with its term', () => {
    view.observe(A, 100);
    view.forget(A.token);

    expect(view.current).toBeUndefined();
    expect(changes).toEqual(['a:1', undefined]);
  });

  it('survives the end of an older term', () => {
    view.observe(B, 100);
    view.forget(A.token);

    expect(view.current).toEqual(B);
  });

  it('is told to callers that wait for a leader', async () => {
    const known = view.known({ timeout: 1_000 });
    view.observe(A, 100);

    expect(await known).toEqual(A);
  });

  it('is told when a leader is heard of again after a silence', async () => {
    view.observe(A, 100);
    await time.advance(200);
    const known = view.known({ timeout: 1_000 });
    view.observe(A, 100);

    expect(await known).toEqual(A);
  });

  it('may have to be newer than what the asker knows', async () => {
    view.observe(A, 100);
    const known = view.known({ timeout: 1_000 }, A.token);
    view.observe(A, 500);
    view.observe(B, 100);

    expect(await known).toEqual(B);
  });

  it('is waited for no longer than allowed', async () => {
    const known = expect(view.known({ timeout: 50 })).rejects.toMatchObject({ code: 'NO_LEADER' });
    await time.advance(50);
    await known;
  });

  it('is not waited for after the end', async () => {
    const waiting = expect(view.known({ timeout: 50 })).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
    view.close();
    await waiting;
    await expect(view.known({ timeout: 50 })).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});
