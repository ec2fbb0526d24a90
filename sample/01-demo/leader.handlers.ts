import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { HedgeContext, HedgeService, OnBroadcast, OnLeaderMessage } from 'nestjs-hedge';
import { statusOf, type Status } from './status.js';

/** Answers messages from any member: some on the leader, some on every one. */
@Injectable()
export class LeaderHandlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('greet')
  greet(@Payload() text: string, @Ctx() context: HedgeContext) {
    return {
      answer: `You said: ${text}`,
      answeredBy: statusOf(this.hedge),
      sentBy: context.getSender(),
      token: context.getToken().toString(),
    };
  }

  @OnLeaderMessage('who')
  who(): Status {
    return statusOf(this.hedge);
  }

  @OnLeaderMessage('step-down')
  stepDown(): void {
    // Not awaited: it waits for running handlers, and this is one of them.
    void this.hedge.stepDown();
  }

  @OnBroadcast('hello')
  hello(@Payload() text: string) {
    return `${text} from ${this.hedge.id}`;
  }

  @OnBroadcast('kill')
  kill(@Payload() id: string): void {
    // Late enough for the page to hear that it was done.
    if (id === this.hedge.id) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
  }
}
