import { HedgeError } from '../errors/index.js';
import type { Term } from '../lock/index.js';
import type { Session } from '../session/index.js';
import { LOCK_IS_OVER, TERM_IS_OVER } from './log.messages.js';

/** The terms that an entry is bound to: it is written while all of them stand, or never. */
export class BoundTerms {
  constructor(readonly all: readonly [Term, ...Term[]]) {}

  /** The session that holds all of them: a member has one session at a time. */
  get session(): Session {
    return this.all[0].session;
  }

  /** Compares clocks at the call. */
  areHeld(): boolean {
    return this.all.every((term) => term.isHeld());
  }

  /** Why nothing was written: `LOCK_LOST` or `NOT_LEADER`, for the first term that is over. */
  refusal(): HedgeError {
    const { resource, lossReason = 'expired' } =
      this.all.find((term) => !term.isHeld()) ?? this.all[0];
    return resource.isGroupLock
      ? new HedgeError('NOT_LEADER', TERM_IS_OVER)
      : new HedgeError('LOCK_LOST', LOCK_IS_OVER(resource.label, lossReason));
  }
}
