import { HedgeError } from '../errors/index.js';
import { limitOfPermit, permitRow, permitsOf, semaphoreName } from '../table/index.js';
import type { Holder, LivingHolder, Resource } from '../lock/index.js';
import { LIMIT_MISMATCH } from './semaphore.messages.js';

/**
 * A semaphore. It has no row of its own: each permit is a fence row (PERMIT-IS-A-FENCE), whose name holds the limit.
 * The limit is forgotten with the last permit.
 */
export function semaphoreResource(group: string, name: string, limit: number): Resource {
  // Callers with another limit get a line of their own, so they learn of their mistake without waiting.
  const row = semaphoreName(group, name, limit);
  const limitOf = ({ fenceRow }: LivingHolder) => limitOfPermit(group, name, fenceRow);
  return {
    group,
    kind: 'permit',
    name,
    label: `a permit of '${name}'`,
    row,
    isGroupLock: false,
    fences: permitsOf(group, name),
    fenceRow: (termId) => permitRow(row, termId),
    freeBeside: (holders) => limit - holders.length,
    refusal: (holders) => {
      const others = holders.filter(isReadable).filter((holder) => limitOf(holder) !== `${limit}`);
      if (others.length === 0) return undefined;
      const addresses = [...new Set(others.map(addressOf))];
      const text = LIMIT_MISMATCH(name, limit, limitOf(others[0]), addresses);
      return new HedgeError('LIMIT_MISMATCH', text);
    },
    mutationsOnAcquire: () => [],
    mutationsOnRelease: () => [],
  };
}

/** A permit of a later version counts as taken, whatever its limit is: this version cannot read that. */
function isReadable(holder: Holder): holder is LivingHolder {
  return holder.newerFormat === undefined;
}

function addressOf({ address }: LivingHolder): string {
  return address;
}
