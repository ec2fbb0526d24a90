import { shown } from '../errors/index.js';

/** The first names of a list, and how many more there are. */
function listed(names: string[]): string {
  const rest = names.length - 3;
  return rest > 0 ? `${names.slice(0, 3).join(', ')} and ${rest} more` : names.join(', ');
}

export const LIMIT_MISMATCH = (name: string, limit: number, used: string, holders: string[]) =>
  `The semaphore ${shown(name)} is in use with the limit ${used} (by ${listed(holders)}), and this call has the limit ${limit}. No permit was acquired. Use the same limit everywhere. The limit can change when no member holds a permit.`;
