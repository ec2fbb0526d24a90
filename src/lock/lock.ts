import { Holding } from './holding.js';

/**
 * A named lock that this member holds. After a pause, a process may go on for a moment although another member holds
 * the lock already. The {@link Holding.token | token} protects against that: let the receiver of your writes check it.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Billing {
 *   constructor(private readonly locks: LockService) {}
 *
 *   async bill(invoice: string): Promise<void> {
 *     // Released at the end of the block.
 *     await using lock = await this.locks.acquire(`invoice-${invoice}`);
 *     const headers = { 'fencing-token': `${lock.token}` };
 *     await fetch(`https://bank.example/${invoice}`, { method: 'PUT', headers, signal: lock.signal });
 *   }
 * }
 * ```
 */
export class Lock extends Holding {}
