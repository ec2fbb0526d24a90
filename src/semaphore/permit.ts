import { Holding } from '../lock/index.js';

/**
 * A permit of a semaphore that this member holds. Its {@link Holding.token | token} is larger than the token of every
 * earlier permit, and differs from those of the other permits that are held now.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Imports {
 *   constructor(private readonly hedge: HedgeService) {}
 *
 *   async run(file: string): Promise<void> {
 *     // Released at the end of the block.
 *     await using permit = await this.hedge.semaphore('imports', 3).acquire();
 *     await fetch(`https://files.example/${file}`, { signal: permit.signal });
 *   }
 * }
 * ```
 */
export class Permit extends Holding {}
