import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { HedgeContext, HedgeService, OnLeaderMessage } from 'nestjs-hedge';
import { statusOf, type Status } from './status.js';

/** Answers messages, from any member, on the one that leads. */
@Injectable()
export class Greeter {
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
}
