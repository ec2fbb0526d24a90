import { Injectable, Logger } from '@nestjs/common';
import { HedgeService, OnLeadershipGained, OnLeadershipLost, type Leadership } from 'nestjs-hedge';

/** Says in the log what happens to this member. */
@Injectable()
export class Announcer {
  readonly #logger = new Logger('Demo');

  constructor(private readonly hedge: HedgeService) {
    hedge.events$.subscribe((event) => {
      if (event.type !== 'leader.changed') return;
      if (event.leader === undefined) this.#logger.log('knows of no leader');
      else if (event.leader !== hedge.id) this.#logger.log(`follows ${event.leader}`);
    });
  }

  @OnLeadershipGained()
  gained({ token }: Leadership) {
    this.#logger.log(
      `LEADS as ${this.hedge.id}, token ${token}; to kill it: kill -9 ${process.pid}`,
    );
  }

  @OnLeadershipLost()
  lost(reason: string) {
    this.#logger.log(`leads no longer (${reason})`);
  }
}
