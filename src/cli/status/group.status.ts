/**
 * The status of a group, as `--json` prints it. `null` is unknown, and durations are in ms. `newerFormat` is the format
 * of a row that a later version wrote, and that this version cannot read.
 */
export interface GroupStatus {
  readonly group: string;
  readonly leader: HeldStatus | null;
  /** The row of the group's lock. */
  readonly lockRow: LockRowStatus | null;
  readonly sessions: Listing<SessionStatus>;
  readonly locks: Listing<NamedHeldStatus>;
  readonly permits: Listing<PermitStatus>;
  readonly crons: Listing<CronStatus>;
  /** The number of rows that dead sessions left behind. */
  readonly deadRows: number;
  /** The number of rows of kinds that this version does not know. */
  readonly otherRows: number;
}

/** The number of all rows, and the first of them. */
export interface Listing<T> {
  readonly total: number;
  readonly dead: number;
  readonly rows: readonly T[];
}

export interface LockRowStatus {
  readonly writer: string | null;
  readonly token: string | null;
  /** `null` also after a release. */
  readonly age: number | null;
  readonly newerFormat: number | null;
}

export interface SessionStatus {
  readonly id: string;
  readonly address: string | null;
  readonly leaseDuration: number | null;
  /** Since its last renewal. */
  readonly age: number | null;
  /** Until other members may end it. */
  readonly remaining: number;
  readonly dead: boolean;
  readonly newerFormat: number | null;
}

/** A lock or permit that a session holds. */
export interface HeldStatus {
  /** The member's id. */
  readonly holder: string | null;
  readonly session: string | null;
  readonly token: string | null;
  readonly since: string | null;
  /** Its session's. */
  readonly remaining: number;
  /** Whether its session is dead. */
  readonly dead: boolean;
  /** The format of its own row or of its session's. */
  readonly newerFormat: number | null;
}

export interface NamedHeldStatus extends HeldStatus {
  readonly name: string;
}

export interface PermitStatus extends NamedHeldStatus {
  readonly limit: number;
}

export interface CronStatus {
  readonly name: string;
  /** The latest slot that ran. */
  readonly slot: string | null;
  /** `interrupted`: its run has no recorded end, and the leader that ran it does not lead any more. */
  readonly state: 'running' | 'done' | 'interrupted' | null;
  /** The member that ran it. */
  readonly member: string | null;
  /** The token of the term of its run. */
  readonly token: string | null;
  readonly newerFormat: number | null;
}
