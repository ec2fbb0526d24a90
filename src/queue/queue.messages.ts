export const STILL_IN_LINE = (label: string) =>
  `Timed out while waiting in line for ${label}: others came before, and have it or wait for it.`;

export const STILL_UNLED = (label: string) =>
  `Timed out while waiting for ${label}: there was no leader to keep the line. Allow more than the second after which the store is asked without one, or use tryAcquire(), which asks it at once.`;
