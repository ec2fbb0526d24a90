export const NOT_IN_TIME = (timeout: number) =>
  `The command did not finish within ${timeout} ms. Use a longer --timeout, or --group to read less.`;

export const NO_GROUPS = (store: string) => `No group has rows in ${store}.\n`;

export const LIVING = (total: number, dead: number) =>
  dead === 0 ? `${total}` : `${total} (${dead} dead)`;

export const MORE = (count: number) => `… and ${count} more (--limit)`;

export const FOR_DETAILS = 'To see what a group holds: --group <name>\n';

export const ROWS = (count: number) => `${count} rows`;

export const AGO = (age: string) => `${age} ago`;

export const DEAD = 'dead';

/** In place of the time that is left, or of the state of a run. */
export const NEWER_FORMAT = (format: number) => `newer format (${format})`;

export const NO_LEADER = 'none';

export const NEWER_LEADER = (holder: string, format: number) =>
  `${holder}, ${NEWER_FORMAT(format)}`;

export const EXPIRED = (holder: string) => `none, the term of ${holder} is over`;

export const RELEASED = (writer: string) => `none, released by ${writer}`;

export const WITHOUT_FENCE = (writer: string, age: string) =>
  `${writer} by its lock row only (a leader in Go has no other), ${age} old`;

export const LEADS = (holder: string, since: string, token: string, left: string) =>
  `${holder} since ${since}, token ${token}, ${left} left`;

export const UNKNOWN_HOLDER = (session: string) => `${UNKNOWN} (session ${session})`;

export const UNKNOWN = '?';
