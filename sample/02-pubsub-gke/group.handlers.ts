import { Injectable, Logger } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { HedgeContext, HedgeService, OnBroadcast, OnLeaderMessage } from 'nestjs-hedge';
import { quoted } from './command.js';

/** What `send` and `broadcast` reach. */
@Injectable()
export class GroupHandlers {
  readonly #logger = new Logger(GroupHandlers.name);

  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('send')
  send(@Payload() text: string, @Ctx() context: HedgeContext): string {
    this.#logger.log(`[leader] got ${quoted(text)} from ${context.getSender()}`);
    return `answered by the leader, ${this.hedge.id}`;
  }

  @OnBroadcast('broadcast')
  broadcast(@Payload() text: string, @Ctx() context: HedgeContext): string {
    const role = this.hedge.isLeader() ? 'leader' : 'follower';
    this.#logger.log(`[${role}] heard ${quoted(text)} from ${context.getSender()}`);
    return `heard by ${this.hedge.id} (${role})`;
  }
}
