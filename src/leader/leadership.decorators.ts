import { SetMetadata } from '@nestjs/common';

/** @internal */
export const LEADERSHIP_GAINED = Symbol('hedge:leadership-gained');
/** @internal */
export const LEADERSHIP_LOST = Symbol('hedge:leadership-lost');

/**
 * Calls the method with the `Leadership` whenever this member becomes the leader. Entries that the method puts are
 * bound to the term. Stop when `leadership.signal` aborts.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Prices {
 *   @OnLeadershipGained()
 *   start({ signal }: Leadership) {
 *     const timer = setInterval(() => this.refresh(), 60_000);
 *     signal.addEventListener('abort', () => clearInterval(timer));
 *   }
 *
 *   async refresh() {}
 * }
 * ```
 */
export const OnLeadershipGained = (): MethodDecorator => SetMetadata(LEADERSHIP_GAINED, true);

/**
 * Calls the method with the reason (`'expired'`, `'stepped-down'`, …) whenever this member has stopped leading. The
 * member waits for the method before it gives the lock back, at most `drainTimeout` ms.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Exports {
 *   @OnLeadershipLost()
 *   async stop(reason: LossReason) {
 *     console.log(`This member leads no more: ${reason}`);
 *     await this.flush();
 *   }
 *
 *   async flush() {}
 * }
 * ```
 */
export const OnLeadershipLost = (): MethodDecorator => SetMetadata(LEADERSHIP_LOST, true);
