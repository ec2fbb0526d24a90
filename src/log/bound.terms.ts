import { HedgeError } from '../errors/index.js';
import type { Term } from '../lock/index.js';
import type { Session } from '../session/index.js';
import { LOCK_IS_OVER, TERM_IS_OVER } from './log.messages.js';

/** The terms that an entry is bound to: it is written while all of them stand, or not at all. */
export class BoundTerms {
  constructor(readonly all: readonly [Term, ...Term[]]) {}

  /** The one that must stand with them. A member has one at a time, so terms of two are never held together. */
  get session(): Session {
    return this.all[0].session;
  }

  /** Compares clocks at the call. */
  areHeld(): boolean {
    return this.all.every((term) => term.isHeld());
  }

  /** Why nothing was written: `LOCK_LOST` or `NOT_LEADER`, by the first of them that is over. */
  refusal(): HedgeError {
    const { place, lossReason = 'expired' } =
      this.all.find((term) => !term.isHeld()) ?? this.all[0];
    return place.isGroupLock
      ? new HedgeError('NOT_LEADER', TERM_IS_OVER)
      : new HedgeError('LOCK_LOST', LOCK_IS_OVER(place.label, lossReason));
  }
}
