/**
 * What is shown of a group, as `--json` prints it: `null` is unknown, durations are in ms. `newerFormat` is the format of a row
 * that a later version wrote, and that this version cannot read.
 */
export interface GroupStatus {
  readonly group: string;
  readonly leader: HeldStatus | null;
  /** The group's lock as the table has it. */
  readonly lockRow: LockRowStatus | null;
  readonly sessions: Listing<SessionStatus>;
  readonly locks: Listing<NamedHeldStatus>;
  readonly permits: Listing<PermitStatus>;
  readonly crons: Listing<CronStatus>;
  /** Rows that dead sessions left. */
  readonly deadRows: number;
  /** Rows of kinds that are not known here. */
  readonly otherRows: number;
}

/** Counted in full, listed in part. */
export interface Listing<T> {
  readonly total: number;
  readonly dead: number;
  readonly rows: readonly T[];
}

export interface LockRowStatus {
  readonly writer: string | null;
  readonly token: string | null;
  /** `null` also where it was given back. */
  readonly age: number | null;
  readonly newerFormat: number | null;
}

export interface SessionStatus {
  readonly id: string;
  readonly address: string | null;
  readonly leaseDuration: number | null;
  /** Since it was renewed. */
  readonly age: number | null;
  /** Until others may end it. */
  readonly remaining: number;
  readonly dead: boolean;
  readonly newerFormat: number | null;
}

/** Something that a session holds. */
export interface HeldStatus {
  /** The member's id. */
  readonly holder: string | null;
  readonly session: string | null;
  readonly token: string | null;
  readonly since: string | null;
  /** Of its session. */
  readonly remaining: number;
  /** Its session is. */
  readonly dead: boolean;
  /** Of its own row, or of its session's. */
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
  /** The newest that was run. */
  readonly slot: string | null;
  /** `interrupted`: nobody saw its run end, and the leader that ran it leads no more. */
  readonly state: 'running' | 'done' | 'interrupted' | null;
  /** That ran it. */
  readonly member: string | null;
  /** Of the term it ran in. */
  readonly token: string | null;
  readonly newerFormat: number | null;
}
