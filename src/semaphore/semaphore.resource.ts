import { HedgeError } from '../errors/index.js';
import { permitPrefix } from '../table/index.js';
import type { Holder, Resource } from '../lock/index.js';
import { keysBeginningWith } from '../store/index.js';
import { LIMIT_MISMATCH } from './semaphore.messages.js';

/**
 * A semaphore as its permits see it (PERMIT-IS-A-FENCE). Each permit is a fence row, and there is no other: the limit
 * stands in the names of the permits, so it is forgotten with the last of them.
 */
export function semaphoreResource(group: string, name: string, limit: number): Resource {
  const permits = `${permitPrefix(group)}${name}/`;
  // Those who ask with another limit have a line of their own: they wait for nobody to be told that it is the wrong one.
  const row = `${permits}${limit}`;
  return {
    group,
    kind: 'permit',
    name,
    label: `a permit of '${name}'`,
    row,
    isGroupLock: false,
    // Names hold no `/`, so no semaphore's permits are in another's range.
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
