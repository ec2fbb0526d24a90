import { HedgeError } from '../errors/index.js';
import { permitPrefix } from '../table/index.js';
import type { Holder, Resource } from '../lock/index.js';
import { keysBeginningWith } from '../store/index.js';
import { LIMIT_MISMATCH } from './semaphore.messages.js';

/**
 * A semaphore. It has no row of its own: each permit is a fence row (PERMIT-IS-A-FENCE), whose name holds the limit.
 * The limit is forgotten with the last permit.
 */
export function semaphoreResource(group: string, name: string, limit: number): Resource {
  const permits = `${permitPrefix(group)}${name}/`;
  // Callers with another limit get a line of their own, so they learn of their mistake without waiting.
  const row = `${permits}${limit}`;
  return {
    group,
    kind: 'permit',
    name,
    label: `a permit of '${name}'`,
    row,
    isGroupLock: false,
    // Names hold no `/`, so the permits of a semaphore are in no other semaphore's range.
    fences: keysBeginningWith(permits),
    fenceRow: (termId) => `${row}/${termId}`,
    freeBeside: (holders) => limit - holders.length,
    refusal: (holders) => {
      const others = holders.filter(({ fenceRow }) => !fenceRow.startsWith(`${row}/`));
      if (others.length === 0) return undefined;
      const used = others[0].fenceRow.slice(permits.length).split('/')[0];
      const text = LIMIT_MISMATCH(name, limit, used, [...new Set(others.map(addressOf))]);
      return new HedgeError('LIMIT_MISMATCH', text);
    },
    mutationsOnAcquire: () => [],
    mutationsOnRelease: () => [],
  };
}

function addressOf({ address }: Holder): string {
  return address;
}
