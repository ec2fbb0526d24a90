import { SetMetadata } from '@nestjs/common';

/** @internal */
export const MEMBERS_CHANGED = Symbol('hedge:members-changed');

/**
 * The method is called with `{ joined, left }` (lists of `Member`) whenever members join or leave: shut down, crashed,
 * or not to be heard for 4 s. A member that started anew under its old id did both.
 */
export const OnMembersChanged = (): MethodDecorator => SetMetadata(MEMBERS_CHANGED, true);
