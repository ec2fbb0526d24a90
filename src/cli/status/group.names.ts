import {
  ALL_GROUPS,
  GROUP_LOCKS,
  groupOfLock,
  groupOfRow,
  groupPrefix,
  isGroupName,
} from '../../table/index.js';
import { keysBeginningWith } from '../../store/index.js';
import type { StoreReader } from './store.reader.js';

/** The names of all groups that have rows in the table. */
export async function groupNames(reader: StoreReader): Promise<string[]> {
  const names = new Set<string>();
  for await (const { rows } of reader.pages(keysBeginningWith(GROUP_LOCKS))) {
    for (const { name } of rows) names.add(groupOfLock(name));
  }
  for await (const name of namesByRows(reader)) names.add(name);
  return [...names].filter((name) => name !== '').toSorted();
}

/** Skips from group to group without reading their rows. */
async function* namesByRows(reader: StoreReader): AsyncGenerator<string> {
  const { from, to } = keysBeginningWith(ALL_GROUPS);
  for (let next = from; ;) {
    const [row] = await reader.rows({ range: { from: next, to }, limit: 1 });
    if (!row) return;
    const name = groupOfRow(row.name);
    next = name === undefined ? `${row.name}\0` : keysBeginningWith(groupPrefix(name)).to;
    // This range has the group locks of all groups.
    if (name !== undefined && isGroupName(name)) yield name;
  }
}
