export const NOT_IN_TIME = (timeout: number) =>
  `Not done within ${timeout} ms. Give it longer (--timeout), or less to read (--group).`;

export const NO_GROUPS = (store: string) => `No group has rows in ${store}.\n`;

export const LIVING = (total: number, dead: number) =>
  dead === 0 ? `${total}` : `${total} (${dead} dead)`;

export const MORE = (count: number) => `… and ${count} more (--limit)`;

export const FOR_DETAILS = 'For what a group holds: --group <name>\n';

export const NO_LEADER = 'none';

export const EXPIRED = (holder: string) => `none, the term of ${holder} is over`;

export const RELEASED = (writer: string) => `none, given back by ${writer}`;

export const WITHOUT_FENCE = (writer: string, age: string) =>
  `${writer}, by its row alone (as Go's hedge writes it), ${age} old`;

export const LEADS = (holder: string, since: string, token: string, left: string) =>
  `${holder} since ${since}, token ${token}, ${left} left`;

export const UNKNOWN = '?';
