import { Injectable } from '@nestjs/common';
import { HedgeService, OnBroadcast } from 'nestjs-hedge';
import { HedgeHealthIndicator } from 'nestjs-hedge/terminus';
import { Jobs, type Job } from '../jobs.js';

/** What each member says of itself. */
export interface MemberReport {
  id: string;
  leadership?: { token: string; since: string; remaining: number };
  jobs: Job[];
}

@Injectable()
export class MemberReports {
  constructor(
    private readonly hedge: HedgeService,
    private readonly health: HedgeHealthIndicator,
    private readonly jobs: Jobs,
  ) {}

  /** Of all members that answer, by id. */
  async gather(): Promise<Map<string, MemberReport>> {
    const replies = await this.hedge.broadcast<MemberReport>('report', null, { timeout: 250 });
    const reports = replies.flatMap((entry) => ('reply' in entry ? [entry.reply] : []));
    return new Map(reports.map((report) => [report.id, report]));
  }

  @OnBroadcast('report')
  report(): MemberReport {
    const { id, leadership } = this.hedge;
    if (!leadership) return { id, jobs: this.jobs.all };
    const { hedge } = this.health.isLive('hedge');
    const { token, since } = leadership;
    return {
      id,
      leadership: {
        token: token.toString(),
        since: since.toISOString(),
        remaining: Number(hedge['leaderLease'] ?? 0),
      },
      jobs: this.jobs.all,
    };
  }
}
