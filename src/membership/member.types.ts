import type { MemberMetadata } from './member.info.js';

/** One member of the group, as `HedgeService.members()` shows it. */
export interface Member {
  /** The `host:port` that other members reach it at. */
  readonly id: string;
  /** Whether it leads, as far as the asked member knows: a hint, not a lock. */
  readonly isLeader: boolean;
  /** Whether it is the asked member itself. */
  readonly isSelf: boolean;
  /** When it started, by its own clock. */
  readonly joinedAt: Date;
  /** The `metadata` of its options. */
  readonly metadata: MemberMetadata;
}

/** Members that joined and left the group. A member that restarted under its old id left and joined. */
export interface MembersChange {
  /** The members that are on the list now, and were not before. */
  readonly joined: readonly Member[];
  /** The members that were on the list before, and are not now. */
  readonly left: readonly Member[];
}
