import { beforeEach, describe, expect, it } from 'vitest';
import { ListCopy } from './list.copy.js';
import { ListHistory } from './list.history.js';
import type { MemberInfo } from './member.js';
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
  let copy: ListCopy;

  beforeEach(() => {
    kept = new MemberList();
    history = new ListHistory('7', '');
    kept.changes.subscribe((change) => history.record(change));
    theirs = new MemberList();
    copy = new ListCopy(theirs);
    kept.add(member('a'));
  });

  /** What the member that keeps the list tells one that is as far as the copy. */
  function sync(): boolean {
    const update = history.since(copy.version, kept.all);
    return update === undefined || copy.take(update);
  }

  it('are told whole to who knows none, then only what changed', () => {
    sync();
    kept.add(member('b'));
    const update = history.since(copy.version, kept.all);

    expect(update).toMatchObject({ since: 2, joined: [member('b')], left: [] });
    sync();
    expect(ids(theirs)).toEqual(['a-1', 'b-1']);
    expect(history.since(copy.version, kept.all)).toBeUndefined();
  });

  it('say of who came and went only what counts in the end', () => {
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

    expect(copy.take(later)).toBe(false);
    expect(ids(theirs)).toEqual(['a-1']);
    sync();
    expect(ids(theirs)).toEqual(ids(kept));
  });

  it('that were sent earlier and arrive later change nothing', () => {
    const old = history.since(undefined, kept.all)!;
    kept.remove('a');
    sync();

    expect(copy.take(old)).toBe(true);
    expect(ids(theirs)).toEqual([]);
  });

  it('are told whole to who missed more departures than are remembered', () => {
    sync();
    for (let i = 0; i < 1_100; i++) {
      kept.add(member(`m${i}`));
      kept.remove(`m${i}`);
    }

    expect(history.since(copy.version, kept.all)?.since).toBeUndefined();
    const { token, version } = history.current;
    kept.remove('a');
    expect(history.since({ token, version }, kept.all)).toMatchObject({ since: version });
  });

  it('begin anew with another leader', () => {
    sync();
    history = new ListHistory('8', '');

    const update = history.since(copy.version, kept.all);
    expect(update).toEqual({ token: '8', version: 1, joined: [member('a')], left: [] });
  });

  it('are asked for whole after something was found out here', () => {
    sync();
    copy.lose('a');

    expect(copy.version).toBeUndefined();
    expect(ids(theirs)).toEqual([]);
    sync();
    expect(ids(theirs)).toEqual(['a-1']);
    expect(copy.version).toEqual(history.current);
  });

  it('that are the same are taken as such only while they are', () => {
    sync();
    history = new ListHistory('8', '');
    copy.reset();
    const same = { ...history.current, joined: [], left: [], same: theirs.digest };
    copy.lose('a');
    copy.take(same);
    expect(copy.version).toBeUndefined();
    theirs.add(member('a'));
    copy.take(same);
    expect(copy.version).toEqual(history.current);
    expect(ids(theirs)).toEqual(['a-1']);
  });

  it('go on from the list that both had when another member took over', () => {
    kept.add(member('b'));
    sync();
    history = new ListHistory('8', kept.digest);
    copy.reset();
    expect(history.sinceBase(kept.all)).toMatchObject({ version: 1, joined: [], left: [] });
    kept.remove('a');
    kept.add(member('c'));
    const update = history.sinceBase(kept.all);
    expect(update).toMatchObject({ joined: [member('c')], left: ['a'] });
    expect(copy.take(update)).toBe(true);
    expect(ids(theirs)).toEqual(['b-1', 'c-1']);
    expect(copy.version).toEqual(history.current);
  });

  it('are borrowed only from a list that is as new', () => {
    sync();
    copy.borrow({ token: '6', version: 9, joined: [], left: [] });
    expect(ids(theirs)).toEqual(['a-1']);

    // Another one was told less of the same list, or told it earlier.
    const { version } = history.current;
    copy.borrow({ token: '7', version: version - 1, joined: [member('b')], left: [] });
    expect(ids(theirs)).toEqual(['a-1']);

    copy.borrow({ token: '7', version: version + 1, joined: [member('b')], left: [] });
    expect(ids(theirs)).toEqual(['b-1']);
    copy.borrow({ token: '7', version, joined: [member('a'), member('b')], left: [] });
    expect(ids(theirs)).toEqual(['b-1']);
    expect(copy.version).toBeUndefined();
    history.record({ joined: [], left: [] });
    sync();
    expect(ids(theirs)).toEqual(['a-1']);
  });
});
