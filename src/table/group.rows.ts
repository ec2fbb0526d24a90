/** All rows of a group begin with this, except its group lock. */
export function groupPrefix(group: string): string {
  return `hedge/${group}/`;
}

/** All groups' rows begin with this. */
export const ALL_GROUPS = 'hedge/';

/** The group whose name begins the row's, `undefined` for a row of no group. */
export function groupOfRow(name: string): string | undefined {
  return /^hedge\/([^/]*)\//.exec(name)?.[1];
}
