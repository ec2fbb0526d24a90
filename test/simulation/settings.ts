import { namedLock } from '../../src/lock/index.js';
import { marginOf } from '../../src/session/lease.js';

export const GROUP = 'sim';
/** ms of a lease. */
export const LEASE = 1_000;
/** The named locks that the app uses. */
export const LOCKS = ['a', 'b'].map((name) => namedLock(GROUP, name));
/** ms for which the app uses a lock at most. */
export const LONGEST_USE = 2_500;
/** ms in which a leader leads once the weather is clear: every lease of before expires, and some attempts may fail. */
export const LONGEST_ELECTION = LEASE + marginOf(LEASE) + 1_500;
/** ms in which a lock can be had once the weather is clear. */
export const LONGEST_WAIT = LONGEST_USE + LONGEST_ELECTION;
