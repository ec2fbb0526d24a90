import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { OnLeadershipLost } from '../../../src/index.js';

/** Keeps a leader from leaving until its `ended` is aborted. */
@Injectable()
export class SlowToLeave {
  readonly ended = new AbortController();

  @OnLeadershipLost()
  async finish(): Promise<void> {
    await once(this.ended.signal, 'abort');
  }
}
