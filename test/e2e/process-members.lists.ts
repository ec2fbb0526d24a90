import { until } from '../support/time/until.js';
import type { MemberProcess } from '../support/cluster/member.process.js';
import { msBetween } from '../support/time/machine.time.js';

/** The list that a member saw last. */
export function listOf({ records }: MemberProcess): string[] {
  return records.eventsOf('members').at(-1)?.ids.toSorted() ?? [];
}

/** Everybody who ever left the list of one of them since then. */
export function leftSince(members: readonly MemberProcess[], since: bigint): string[] {
  const left = new Set<string>();
  for (const { records } of members) {
    const lists = records.eventsOf('members');
    for (const [index, { at, ids }] of lists.entries()) {
      if (at < since || index === 0) continue;
      for (const id of lists[index - 1].ids) if (!ids.includes(id)) left.add(id);
    }
  }
  return [...left];
}

/**
 * Waits until each of them sees just `seen`.
 * @returns ms from `since` until the last of them did
 */
export async function agreedOn(
  seen: readonly MemberProcess[],
  since: bigint,
  by: readonly MemberProcess[] = seen,
): Promise<number> {
  const expected = seen.map(({ id }) => id).toSorted();
  const shown = expected.join();
  const isRight = (member: MemberProcess) => listOf(member).join() === shown;
  try {
    await until(`all see ${shown}`, () => by.every(isRight));
  } catch (error) {
    const lists = by.map((member) => `${member.name} ${member.id}: ${listOf(member).join()}`);
    throw new Error(`${(error as Error).message}\n${lists.join('\n')}`, { cause: error });
  }
  const times = by.map(({ records }) => {
    const { at } = records.eventsOf('members').at(-1)!;
    return Math.max(0, msBetween(since, at));
  });
  return Math.max(...times);
}
