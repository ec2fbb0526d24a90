import { beforeEach, describe, expect, it } from 'vitest';
import { ListFollower } from './list.follower.js';
import { ListHistory } from './list.history.js';
import type { MemberInfo } from './member.info.js';
import { MemberList } from './member.list.js';

function member(id: string, instanceId = `${id}-1`): MemberInfo {
  return { id, instanceId, joinedAt: 0, candidate: true, metadata: {} };
}

function ids(list: MemberList): string[] {
  return list.all.map(({ instanceId }) => instanceId);
}

describe('versions of the list', () => {
  let kept: MemberList;
  let history: ListHistory;
  let theirs: MemberList;
  let follower: ListFollower;

  beforeEach(() => {
    kept = new MemberList();
    history = new ListHistory('7', '');
    kept.changes.subscribe((change) => history.record(change));
    theirs = new MemberList();
    follower = new ListFollower(theirs);
    kept.add(member('a'));
  });

  /** What the member that keeps the list tells one that is as far as the follower. */
  function sync(): boolean {
    const update = history.since(follower.version, kept.all);
    return update === undefined || follower.take(update);
  }

  it('are sent whole to a member that has none, then as changes', () => {
    sync();
    kept.add(member('b'));
    const update = history.since(follower.version, kept.all);

    expect(update).toMatchObject({ since: 2, joined: [member('b')], left: [] });
    sync();
    expect(ids(theirs)).toEqual(['a-1', 'b-1']);
    expect(history.since(follower.version, kept.all)).toBeUndefined();
  });

  it('leave out members that joined and left in between', () => {
    sync();
    kept.add(member('b'));
    kept.remove('b');
    kept.remove('a');
    kept.add(member('a', 'a-2'));
    sync();

    expect(ids(theirs)).toEqual(['a-2']);
  });

  it('are not taken when something is missing in between', () => {
    sync();
    kept.add(member('b'));
    const { version } = history.current;
    kept.add(member('c'));
    const later = history.since({ token: '7', version }, kept.all)!;

    expect(follower.take(later)).toBe(false);
    expect(ids(theirs)).toEqual(['a-1']);
    sync();
    expect(ids(theirs)).toEqual(ids(kept));
  });

  it('that were sent earlier and arrive later change nothing', () => {
    const old = history.since(undefined, kept.all)!;
    kept.remove('a');
    sync();

    expect(follower.take(old)).toBe(true);
    expect(ids(theirs)).toEqual([]);
  });

  it('are sent whole to a member that missed more departures than are remembered', () => {
    sync();
    for (let i = 0; i < 1_100; i++) {
      kept.add(member(`m${i}`));
      kept.remove(`m${i}`);
    }

    expect(history.since(follower.version, kept.all)?.since).toBeUndefined();
    const { token, version } = history.current;
    kept.remove('a');
    expect(history.since({ token, version }, kept.all)).toMatchObject({ since: version });
  });

  it('start again with another leader', () => {
    sync();
    history = new ListHistory('8', '');

    const update = history.since(follower.version, kept.all);
    expect(update).toEqual({ token: '8', version: 1, joined: [member('a')], left: [] });
  });

  it('are asked for whole after something was found out here', () => {
    sync();
    follower.lose('a');

    expect(follower.version).toBeUndefined();
    expect(ids(theirs)).toEqual([]);
    sync();
    expect(ids(theirs)).toEqual(['a-1']);
    expect(follower.version).toEqual(history.current);
  });

  it('that are the same are taken as such only while they are', () => {
    sync();
    history = new ListHistory('8', '');
    follower.reset();
    const same = { ...history.current, joined: [], left: [], same: theirs.digest };
    follower.lose('a');
    follower.take(same);
    expect(follower.version).toBeUndefined();
    theirs.add(member('a'));
    follower.take(same);
    expect(follower.version).toEqual(history.current);
    expect(ids(theirs)).toEqual(['a-1']);
  });

  it('go on from the list that both had when another member took over', () => {
    kept.add(member('b'));
    sync();
    history = new ListHistory('8', kept.digest);
    follower.reset();
    expect(history.sinceBase(kept.all)).toMatchObject({ version: 1, joined: [], left: [] });
    kept.remove('a');
    kept.add(member('c'));
    const update = history.sinceBase(kept.all);
    expect(update).toMatchObject({ joined: [member('c')], left: ['a'] });
    expect(follower.take(update)).toBe(true);
    expect(ids(theirs)).toEqual(['b-1', 'c-1']);
    expect(follower.version).toEqual(history.current);
  });

  it('are borrowed only from a list that is as new', () => {
    sync();
    follower.borrow({ token: '6', version: 9, joined: [], left: [] });
    expect(ids(theirs)).toEqual(['a-1']);

    // Another one was told less of the same list, or told it earlier.
    const { version } = history.current;
    follower.borrow({ token: '7', version: version - 1, joined: [member('b')], left: [] });
    expect(ids(theirs)).toEqual(['a-1']);

    follower.borrow({ token: '7', version: version + 1, joined: [member('b')], left: [] });
    expect(ids(theirs)).toEqual(['b-1']);
    follower.borrow({ token: '7', version, joined: [member('a'), member('b')], left: [] });
    expect(ids(theirs)).toEqual(['b-1']);
    expect(follower.version).toBeUndefined();
    history.record({ joined: [], left: [] });
    sync();
    expect(ids(theirs)).toEqual(['a-1']);
  });
});
