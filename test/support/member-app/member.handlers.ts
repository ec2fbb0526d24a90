import { Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { setTimeout as delay } from 'node:timers/promises';
import {
  HedgeContext,
  HedgeService,
  HedgeStream,
  OnBroadcast,
  OnLeaderMessage,
  OnLeaderStream,
} from '../../../src/index.js';
import { machineTime } from '../time/machine.time.js';
import { records } from './member.settings.js';

function noteAbort(): void {
  records.note({ type: 'handler-aborted', at: machineTime() });
}

/** What the group may ask of a member process. */
@Injectable()
export class Handlers {
  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('echo')
  echo(@Payload() data: unknown, @Ctx() context: HedgeContext) {
    return { data, by: this.hedge.id, token: context.getToken().toString() };
  }

  @OnBroadcast('who')
  who() {
    return this.hedge.id;
  }

  /** Reads without end, and notes what it read and that it ended. */
  @OnLeaderStream('read')
  async *read(@Payload() input: HedgeStream<number>) {
    try {
      for await (const number of input) yield number;
    } finally {
      records.note({ type: 'handler-ended', at: machineTime() });
    }
  }

  /** Takes its time, and stops when its signal says so. */
  @OnLeaderMessage('slow')
  async slow(@Payload() ms: number, @Ctx() context: HedgeContext) {
    records.note({ type: 'handler-began', at: machineTime() });
    const signal = context.getSignal();
    signal.addEventListener('abort', noteAbort);
    await delay(ms, undefined, { signal });
    signal.removeEventListener('abort', noteAbort);
    records.note({ type: 'handler-ended', at: machineTime() });
    return 'done';
  }

  /** Takes its time, whatever its signal says. */
  @OnLeaderMessage('stubborn')
  async stubborn(@Payload() ms: number, @Ctx() context: HedgeContext) {
    records.note({ type: 'handler-began', at: machineTime() });
    context.getSignal().addEventListener('abort', noteAbort);
    await delay(ms);
    return 'done';
  }
}
