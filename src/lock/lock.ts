import { Holding } from './holding.js';

/**
 * A named lock that this member holds. A process that is paused may go on for a moment after others have taken the
 * lock: what must not happen then is for the {@link Holding.token | token} to prevent, where it is written.
 *
 * @example
 * await using lock = await locks.acquire('invoices');
 */
export class Lock extends Holding {}
