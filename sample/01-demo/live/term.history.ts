import { Injectable, Logger } from '@nestjs/common';
import { HedgeService, OnLeadershipGained, type Leadership } from 'nestjs-hedge';
import { url } from '../status.js';

/** One term of one leader. */
export interface TermEntry {
  id: string;
  url: string;
  token: string;
  since: string;
}

const KEY = 'demo/terms';

/** Every leader writes its term into the log: a list that outlives them all. */
@Injectable()
export class TermHistory {
  readonly #logger = new Logger('Demo');
  #terms: TermEntry[] = [];

  constructor(private readonly hedge: HedgeService) {
    hedge.events$.subscribe((event) => {
      if (event.type === 'leader.changed' && event.leader !== undefined) void this.#read();
    });
  }

  /** Newest first. */
  get terms(): readonly TermEntry[] {
    return this.#terms;
  }

  @OnLeadershipGained()
  async gained({ token, since }: Leadership): Promise<void> {
    const term = { id: this.hedge.id, url, token: token.toString(), since: since.toISOString() };
    await this.hedge.put(KEY, JSON.stringify(term));
    await this.#read();
  }

  async #read(): Promise<void> {
    try {
      const entries = await this.hedge.history(KEY, { limit: 30 });
      this.#terms = entries.map(({ value }) => JSON.parse(value) as TermEntry);
    } catch (error) {
      this.#logger.debug(String(error));
    }
  }
}
