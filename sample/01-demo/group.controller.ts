import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { HedgeService, LeaderGuard } from 'nestjs-hedge';
import { statusOf, type Status } from './status.js';

/** The members, and messages between them. */
@Controller()
export class GroupController {
  constructor(private readonly hedge: HedgeService) {}

  @Get('status')
  status(): Status {
    return statusOf(this.hedge);
  }

  @Get('members')
  members() {
    return this.hedge.members();
  }

  /** Asked of the leader itself: waits while there is none. */
  @Get('leader')
  leader() {
    return this.hedge.send<Status>('who', {}, { idempotent: true });
  }

  /** Answered by the leader alone; a follower answers 503 and says who leads. */
  @Get('leader-only')
  @UseGuards(LeaderGuard)
  leaderOnly() {
    return statusOf(this.hedge);
  }

  @Post('send')
  send(@Body() text = '') {
    return this.hedge.send('greet', text);
  }

  /** One answer of each member, or the error in place of it. */
  @Post('broadcast')
  broadcast(@Body() text = '') {
    return this.hedge.broadcast('hello', text, { timeout: 1_000 });
  }

  /** The leader gives leadership back; the next one takes it at once. */
  @Post('step-down')
  @HttpCode(202)
  async stepDown() {
    await this.hedge.send('step-down', {});
  }

  /** For a demo only: ends a member as a crash would, without a word to the others. */
  @Post('members/:id/kill')
  @HttpCode(202)
  async kill(@Param('id') id: string) {
    await this.hedge.broadcast('kill', id, { timeout: 500 });
  }
}
