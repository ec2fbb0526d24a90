import { beforeEach, describe, expect, it } from 'vitest';
import type { ListChange, MemberInfo } from './member.info.js';
import { MemberList } from './member.list.js';

function member(id: string, joinedAt = 0, more: Partial<MemberInfo> = {}): MemberInfo {
  return { id, instanceId: `${id}-1`, joinedAt, candidate: true, metadata: {}, ...more };
}

function ids(members: readonly MemberInfo[]): string[] {
  return members.map(({ instanceId }) => instanceId);
}

describe('a member list', () => {
  let list: MemberList;
  let changes: { joined: string[]; left: string[] }[];

  beforeEach(() => {
    list = new MemberList();
    changes = [];
    list.changes.subscribe(({ joined, left }: ListChange) =>
      changes.push({ joined: ids(joined), left: ids(left) }),
    );
    list.enter(member('self', 5));
  });

  it('tells each change once, and nothing else', () => {
    list.add(member('a'));
    list.add(member('a'));
    list.remove('b');
    list.replace([member('self'), member('b')]);

    expect(changes).toEqual([
      { joined: ['a-1'], left: [] },
      { joined: ['b-1'], left: ['a-1'] },
    ]);
  });

  it('tells a member that fell silent from one that said goodbye', () => {
    const silent: unknown[] = [];
    list.silent.subscribe((gone) => silent.push(gone));
    list.add(member('a'));
    list.add(member('b'));
    list.remove('a');
    list.lose('b', 'unknown');

    // Another process may have its address by now.
    expect(silent).toEqual([member('b'), { id: 'unknown' }]);
    expect(changes.at(-1)).toEqual({ joined: [], left: ['b-1'] });
  });

  it('tells of a restarted member that it left and joined', () => {
    list.add(member('a'));
    list.add(member('a', 9, { instanceId: 'a-2' }));

    expect(changes.at(-1)).toEqual({ joined: ['a-2'], left: ['a-1'] });
    expect(list.get('a')?.joinedAt).toBe(9);
  });

  it('keeps this member, whatever the others say', () => {
    list.replace([]);
    list.remove('self');
    list.add(member('self', 1, { instanceId: 'another' }));

    expect(list.all).toEqual([member('self', 5)]);
    expect(changes).toEqual([]);
  });

  it('is put in order once for each change', () => {
    list.add(member('b', 7));
    const { all } = list;
    expect(list.all).toBe(all);
    list.add(member('a', 6));
    expect(list.all.map(({ id }) => id)).toEqual(['self', 'a', 'b']);
    list.remove('a');
    expect(list.all.map(({ id }) => id)).toEqual(['self', 'b']);
  });

  it('has the younger candidates go first, without the one that is gone', () => {
    list.add(member('old', 1));
    list.add(member('script', 2, { candidate: false }));
    list.add(member('older', 0));
    list.add(member('twin', 5));
    list.add(member('young', 7));

    expect(list.all.map(({ id }) => id)).toEqual([
      'older',
      'old',
      'script',
      'self',
      'twin',
      'young',
    ]);
    expect(list.successors.map(({ id }) => id)).toEqual([
      'twin',
      'young',
      'older',
      'old',
      'script',
    ]);
    expect(list.rank()).toBe(255);
    list.confirm();
    expect(list.rank()).toBe(2);
    expect(list.rank('older')).toBe(2);
    expect(list.rank('young')).toBe(1);
  });
});
