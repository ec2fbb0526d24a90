/** JSON that a member shows to the others. */
export type MemberMetadata = Readonly<Record<string, unknown>>;

/** What a member tells the group about itself. */
export interface MemberInfo {
  /** `host:port` */
  readonly id: string;
  /** Random per process: a restarted member keeps its id and gets another instance id. */
  readonly instanceId: string;
  /** When it started, by its own clock: ms since 1970. */
  readonly joinedAt: number;
  /** Whether it may ever lead. */
  readonly candidate: boolean;
  readonly metadata: MemberMetadata;
}

/** A change of the member list. A member that restarted under its old id left and joined. */
export interface ListChange {
  readonly joined: readonly MemberInfo[];
  readonly left: readonly MemberInfo[];
}

/** The oldest first; every member gets the same order. */
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
