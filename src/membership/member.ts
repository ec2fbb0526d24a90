/** JSON that a member shows to the others. */
export type MemberMetadata = Readonly<Record<string, unknown>>;

/** What a member tells the group of itself. */
export interface MemberInfo {
  /** `host:port` */
  readonly id: string;
  /** Random per process: a restarted member is another one, though it has the same id. */
  readonly instanceId: string;
  /** When it started, by its own clock, in ms of the Unix epoch. */
  readonly joinedAt: number;
  /** Whether it may ever lead. */
  readonly candidate: boolean;
  readonly metadata: MemberMetadata;
}

/** One member of the group, as `HedgeService.members()` shows it. */
export interface Member {
  /** The `host:port` that others reach it at. */
  readonly id: string;
  /** As the member knows it that was asked: a hint, not a lock. */
  readonly isLeader: boolean;
  /** Whether it is the member that was asked. */
  readonly isSelf: boolean;
  /** When it started, by its own clock. */
  readonly joinedAt: Date;
  /** The `metadata` of its options. */
  readonly metadata: MemberMetadata;
}

/** Who came and who went. A member that started anew under its old id did both. */
export interface MembersChange {
  /** Those that are on the list now, and were not before. */
  readonly joined: readonly Member[];
  /** Those that were on the list, and are not now. */
  readonly left: readonly Member[];
}

/** The same, as the list tells it. */
export interface ListChange {
  readonly joined: readonly MemberInfo[];
  readonly left: readonly MemberInfo[];
}

/** The oldest first, for every member alike. */
export function byAge(one: MemberInfo, other: MemberInfo): number {
  return one.joinedAt - other.joinedAt || (one.id < other.id ? -1 : 1);
}

export function isMemberInfo(value: unknown): value is MemberInfo {
  if (typeof value !== 'object' || value === null) return false;
  const { id, instanceId, joinedAt, candidate, metadata } = value as Record<string, unknown>;
  return (
    typeof id === 'string' &&
    typeof instanceId === 'string' &&
    Number.isFinite(joinedAt) &&
    typeof candidate === 'boolean' &&
    typeof metadata === 'object' &&
    metadata !== null
  );
}
