import type {
  Decision,
  HedgeStore,
  LockRow,
  Mutation,
  RowQuery,
  StoreCall,
} from '../store/index.js';
import { formatHolding } from '../table/index.js';
import type { Clock } from '../time/index.js';
import type { Fence } from './fence.js';
import type { Session } from './session.js';
import type { SessionKeeper } from './session.keeper.js';

/** Changes nothing: it makes the commit fail with NOT_FOUND if the fence is gone. */
export function fenceCheck(session: Session, fence: Fence): Mutation {
  return { table: 'lock', op: 'update', name: fence.row, writer: formatHolding(session.id) };
}

/** Commits that succeed only while a session stands in the store, and each fence that the caller names. */
export class FencedCommitter {
  constructor(
    private readonly keeper: SessionKeeper,
    private readonly store: HedgeStore,
    private readonly clock: Clock,
  ) {}

  /**
   * One attempt. On success the session is renewed: its deadline counts from before this attempt left
   * (DEADLINE-FROM-SEND).
   * @param fences of the session; each of them has to stand
   * @returns the commit timestamp in ns
   */
  async commitOnce(
    session: Session,
    mutations: readonly Mutation[],
    call: StoreCall,
    ...fences: readonly Fence[]
  ): Promise<bigint> {
    const sentAt = this.clock.now();
    const checks = checksOf(session, fences);
    const timestamp = await this.store.commit([...checks, ...mutations], call);
    this.keeper.renewed(session, sentAt);
    return timestamp;
  }

  /**
   * One attempt of a transaction. The mutations of `decide` land only while the session and the fences stand. Only the
   * commit checks that: a transaction that also read those rows would conflict with every renewal.
   * @param fences of the session; each of them has to stand
   */
  async transactOnce<T>(
    session: Session,
    query: RowQuery,
    decide: (rows: readonly LockRow[]) => Decision<T>,
    call: StoreCall,
    ...fences: readonly Fence[]
  ): Promise<T> {
    const sentAt = this.clock.now();
    const checks = checksOf(session, fences);
    const decideFenced = (rows: readonly LockRow[]): Decision<T> => {
      const { result, mutations } = decide(rows);
      return { result, mutations: mutations.length > 0 ? [...checks, ...mutations] : [] };
    };
    const { result, timestamp } = await this.store.transact(query, decideFenced, call);
    if (timestamp !== undefined) this.keeper.renewed(session, sentAt);
    return result;
  }
}

/**
 * The fences come first: a replayed commit must fail on them before it touches the rows of the next holder
 * (FENCE-PER-TERM).
 */
function checksOf(session: Session, fences: readonly Fence[]): Mutation[] {
  return [...fences.map((fence) => fenceCheck(session, fence)), ...session.heartbeat()];
}
