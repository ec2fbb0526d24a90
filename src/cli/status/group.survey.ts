import {
  groupPrefix,
  lockOfFence,
  newerRowOf,
  parseRowName,
  sessionPrefix,
} from '../../table/index.js';
import { groupLock, resourceQuery } from '../../lock/index.js';
import { keysBeginningWith, type LockRow } from '../../store/index.js';
import type {
  CronStatus,
  GroupStatus,
  HeldStatus,
  NamedHeldStatus,
  PermitStatus,
  SessionStatus,
} from './group.status.js';
import { GrowingListing } from './growing.listing.js';
import { cronStatus, heldStatus, lockRowStatus, sessionStatus } from './row.status.js';
import type { RowPage, StoreReader } from './store.reader.js';

/** Reads all rows of a group, and keeps at most `limit` of each kind. */
export async function surveyedGroup(
  reader: StoreReader,
  group: string,
  limit: number,
): Promise<GroupStatus> {
  const survey = new GroupSurvey(group, limit);
  survey.addGroupLock(await reader.rows(resourceQuery(groupLock(group), [groupLock(group).row])));
  const range = keysBeginningWith(groupPrefix(group));
  for await (const page of reader.pages(range, sessionPrefix(group))) survey.addPage(page);
  return survey.toStatus();
}

class GroupSurvey {
  readonly #sessions: GrowingListing<SessionStatus>;
  readonly #locks: GrowingListing<NamedHeldStatus>;
  readonly #permits: GrowingListing<PermitStatus>;
  readonly #crons: GrowingListing<CronStatus>;
  #lockRow: LockRow | undefined;
  #leader: HeldStatus | undefined;
  #deadLeaders = 0;
  #lockRows = 0;
  #otherRows = 0;

  constructor(
    private readonly group: string,
    limit: number,
  ) {
    this.#sessions = new GrowingListing(limit);
    this.#locks = new GrowingListing(limit);
    this.#permits = new GrowingListing(limit);
    this.#crons = new GrowingListing(limit);
  }

  addGroupLock(rows: readonly LockRow[]): void {
    const place = groupLock(this.group);
    const byName = new Map(rows.map((row) => [row.name, row]));
    this.#lockRow = byName.get(place.row);
    const held = rows
      .filter(({ name }) => lockOfFence(name) === place.row)
      .map((fence) => heldStatus(this.group, fence, byName));
    // A dead fence may stand beside it until the next acquire deletes it.
    this.#deadLeaders = held.filter(({ dead }) => dead).length;
    this.#leader = held.find(({ dead }) => !dead) ?? held[0];
  }

  addPage({ rows, byName }: RowPage): void {
    for (const row of rows) this.#add(row, byName);
  }

  toStatus(): GroupStatus {
    const [sessions, locks, permits, crons] = [
      this.#sessions.toListing(),
      this.#locks.toListing(),
      this.#permits.toListing(),
      this.#crons.toListing(),
    ];
    // Each held lock has a row beside its fence. All other rows of locks are left over.
    const deadLockRows = Math.max(0, this.#lockRows - (locks.total - locks.dead));
    return {
      group: this.group,
      leader: this.#leader ? this.#leaderNamed(this.#leader) : null,
      lockRow: this.#lockRow ? lockRowStatus(this.#lockRow) : null,
      sessions,
      locks,
      permits,
      crons,
      deadRows: sessions.dead + locks.dead + permits.dead + deadLockRows + this.#deadLeaders,
      otherRows: this.#otherRows,
    };
  }

  #add(row: LockRow, byName: ReadonlyMap<string, LockRow>): void {
    const { group } = this;
    const named = parseRowName(group, row.name);
    switch (named?.kind) {
      case 'session':
        return this.#sessions.add(sessionStatus(named.id, row));
      case 'lock':
        // Only a later version can tell whether it is stale.
        if (!newerRowOf(row)) this.#lockRows++;
        return;
      case 'fence':
        return this.#locks.add({ name: named.name, ...heldStatus(group, row, byName) });
      case 'permit': {
        const { name, limit } = named;
        return this.#permits.add({ name, limit, ...heldStatus(group, row, byName) });
      }
      case 'cron':
        return this.#crons.add(cronStatus(named.name, row, this.#leader));
      case undefined:
        this.#otherRows++;
    }
  }

  /** When the session is gone, the lock's own row still names the member. */
  #leaderNamed(leader: HeldStatus): HeldStatus {
    if (leader.holder !== null || !this.#lockRow) return leader;
    const { writer, token } = lockRowStatus(this.#lockRow);
    return token === leader.token ? { ...leader, holder: writer } : leader;
  }
}
