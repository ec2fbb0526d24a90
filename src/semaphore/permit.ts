import { Holding } from '../lock/index.js';

/**
 * One unit of a semaphore, held by this member. Its {@link Holding.token | token} is larger than those of all permits
 * taken before it, and tells it from the others that are held at the same time.
 *
 * @example
 * await using permit = await hedge.semaphore('imports', 3).acquire();
 */
export class Permit extends Holding {}
