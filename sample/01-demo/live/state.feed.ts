import { Injectable } from '@nestjs/common';
import { HedgeService, type Member } from 'nestjs-hedge';
import { catchError, defer, EMPTY, merge, share, switchMap, timer, type Observable } from 'rxjs';
import { POOL, type Job } from '../jobs.js';
import { LEASE } from '../status.js';
import { MemberReports, type MemberReport } from './member.reports.js';
import { TermHistory, type TermEntry } from './term.history.js';

/** What the page shows, as the member that serves it sees the group. */
export interface GroupState {
  self: string;
  leaseDuration: number;
  leader?: { id: string; token: string; since: string; remaining: number };
  members: (Member & { answers: boolean })[];
  terms: readonly TermEntry[];
  pool: { limit: number; jobs: (Job & { member: string })[] };
}

/** ms between two looks, while anybody watches; longer than a look takes. */
const PACE = 300;

@Injectable()
export class StateFeed {
  constructor(
    private readonly hedge: HedgeService,
    private readonly reports: MemberReports,
    private readonly history: TermHistory,
  ) {}

  /** One look serves all who watch. */
  readonly states$: Observable<GroupState> = defer(() =>
    merge(timer(0, PACE), this.hedge.events$),
  ).pipe(
    // While the app starts and ends there is nothing to see.
    switchMap(() => defer(() => this.#look()).pipe(catchError(() => EMPTY))),
    share(),
  );

  async #look(): Promise<GroupState> {
    const reports = await this.reports.gather();
    const state: GroupState = {
      self: this.hedge.id,
      leaseDuration: LEASE,
      members: this.hedge
        .members()
        .map((member) => ({ ...member, answers: reports.has(member.id) })),
      terms: this.history.terms,
      pool: { limit: POOL.limit, jobs: jobsOf(reports) },
    };
    const leader = leaderAmong(reports);
    return leader ? { ...state, leader } : state;
  }
}

function leaderAmong(reports: Map<string, MemberReport>): GroupState['leader'] | undefined {
  for (const { id, leadership } of reports.values()) if (leadership) return { id, ...leadership };
  return undefined;
}

/** First come, first served: those that hold a permit, then the line. */
function jobsOf(reports: Map<string, MemberReport>): GroupState['pool']['jobs'] {
  return [...reports.values()]
    .flatMap(({ id, jobs }) => jobs.map((job) => ({ ...job, member: id })))
    .toSorted((a, b) => Number(!a.token) - Number(!b.token) || a.queuedAt - b.queuedAt);
}
