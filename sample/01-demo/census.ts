import { Injectable } from '@nestjs/common';
import { HedgeService } from 'nestjs-hedge';
import { LeaderCron } from 'nestjs-hedge/schedule';
import { EntryFeed } from './live/entry.feed.js';

/** Runs once in the whole group, on whoever leads. */
@Injectable()
export class Census {
  constructor(
    private readonly hedge: HedgeService,
    private readonly feed: EntryFeed,
  ) {}

  @LeaderCron('*/15 * * * * *', { name: 'census' })
  async count(): Promise<void> {
    const value = `${this.hedge.members().length} members`;
    const receipt = await this.hedge.put('census', value);
    this.feed.announce({ ...receipt, value });
  }
}
