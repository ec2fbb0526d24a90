import { SetMetadata } from '@nestjs/common';

/** @internal */
export const MEMBERS_CHANGED = Symbol('hedge:members-changed');

/**
 * Calls the method with a `MembersChange` whenever members join or leave. A member leaves when it shuts down, when
 * it crashes, or when it has been silent for 4 s. A member that restarted under its old id left and joined.
 *
 * @example
 * ```ts
 * @Injectable()
 * class MemberLog {
 *   @OnMembersChanged()
 *   log({ joined, left }: MembersChange) {
 *     for (const { id } of joined) console.log(`${id} joined`);
 *     for (const { id } of left) console.log(`${id} left`);
 *   }
 * }
 * ```
 */
export const OnMembersChanged = (): MethodDecorator => SetMetadata(MEMBERS_CHANGED, true);
