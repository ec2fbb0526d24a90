import { SetMetadata } from '@nestjs/common';

/** @internal */
export const LEADERSHIP_GAINED = Symbol('hedge:leadership-gained');
/** @internal */
export const LEADERSHIP_LOST = Symbol('hedge:leadership-lost');

/**
 * The method is called with the `Leadership` whenever this member becomes the leader. Its `signal` says when to
 * stop, and what the method puts is bound to the term.
 */
export const OnLeadershipGained = (): MethodDecorator => SetMetadata(LEADERSHIP_GAINED, true);

/**
 * The method is called with the reason (`'expired'`, `'stepped-down'`, …) whenever this member has stopped leading. It
 * is awaited before the lock is given back, for `drainTimeout` ms at the most.
 */
export const OnLeadershipLost = (): MethodDecorator => SetMetadata(LEADERSHIP_LOST, true);
