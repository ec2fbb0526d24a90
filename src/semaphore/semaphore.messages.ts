import { shown } from '../errors/index.js';

/** A few of many, by name. */
function listed(names: string[]): string {
  const rest = names.length - 3;
  return rest > 0 ? `${names.slice(0, 3).join(', ')} and ${rest} more` : names.join(', ');
}

export const LIMIT_MISMATCH = (name: string, limit: number, used: string, holders: string[]) =>
  `The semaphore ${shown(name)} is in use with the limit ${used}, by ${listed(holders)}; this call says ${limit}. Use the same limit everywhere: it can change once nobody holds a permit.`;
