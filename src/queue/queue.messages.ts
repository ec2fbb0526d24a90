export const STILL_IN_LINE = (label: string) =>
  `Timed out while waiting in line for ${label}: earlier callers hold it or wait for it.`;

export const STILL_UNLED = (label: string) =>
  `Timed out while waiting for ${label}: the group has no leader to keep the line. Without a leader, a member asks the store after one second. Set a longer timeout, or use tryAcquire(), which asks the store at once.`;
