import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { OnBroadcast } from '../broadcast/index.js';
import { HedgeError } from '../errors/index.js';
import { HedgeContext, routeOf, type Pattern } from '../handlers/index.js';
import { OnLeaderMessage } from '../request/index.js';
import { NO_ANSWER } from './testing.messages.js';

/** Answers a message in a spec. Its result or error counts as that of a decorated method. */
export type TestAnswer = (data: any, context: HedgeContext) => unknown;

/** The answers that a spec sets for a member. */
@Injectable()
export class ScriptedHandlers {
  readonly #toLeader = new Map<string, TestAnswer>();
  readonly #toAll = new Map<string, TestAnswer>();

  answerAsLeader(pattern: Pattern, answer: TestAnswer): void {
    this.#toLeader.set(routeOf(pattern), answer);
  }

  answerBroadcast(pattern: Pattern, answer: TestAnswer): void {
    this.#toAll.set(routeOf(pattern), answer);
  }

  @OnLeaderMessage()
  asLeader(@Payload() data: unknown, @Ctx() context: HedgeContext): unknown {
    return answered(this.#toLeader, data, context);
  }

  @OnBroadcast()
  toBroadcast(@Payload() data: unknown, @Ctx() context: HedgeContext): unknown {
    return answered(this.#toAll, data, context);
  }
}

function answered(answers: Map<string, TestAnswer>, data: unknown, context: HedgeContext): unknown {
  const pattern = context.getPattern();
  const answer = answers.get(pattern);
  if (!answer) throw new HedgeError('NO_HANDLER', NO_ANSWER(pattern));
  return answer(data, context);
}
