import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import { HedgeModule } from 'nestjs-hedge';
import { HedgeHealthIndicator } from 'nestjs-hedge/terminus';
import { Announcer } from './announcer.js';
import { Census } from './census.js';
import { GroupController } from './group.controller.js';
import { HealthController } from './health.controller.js';
import { Jobs } from './jobs.js';
import { LeaderHandlers } from './leader.handlers.js';
import { EntryFeed } from './live/entry.feed.js';
import { LiveController } from './live/live.controller.js';
import { MemberReports } from './live/member.reports.js';
import { StateFeed } from './live/state.feed.js';
import { TermHistory } from './live/term.history.js';
import { LogController } from './log.controller.js';
import { TurnController } from './turn.controller.js';
import { LEASE, url } from './status.js';

@Module({
  imports: [
    HedgeModule.forRoot({
      // All three processes are given the same file; in production this names a Spanner database.
      database: process.env['DATABASE'] ?? 'sqlite:./hedge.db',
      lockName: 'demo',
      leaseDuration: LEASE,
      // Shown to the other members: the page finds the next one by it when its own is gone.
      metadata: { url, pid: process.pid },
    }),
    ScheduleModule.forRoot(),
    TerminusModule.forRoot({ errorLogStyle: 'pretty', logger: false }),
  ],
  controllers: [LogController, GroupController, TurnController, HealthController, LiveController],
  providers: [
    Announcer,
    Census,
    LeaderHandlers,
    Jobs,
    EntryFeed,
    MemberReports,
    StateFeed,
    TermHistory,
    HedgeHealthIndicator,
  ],
})
export class AppModule {}
