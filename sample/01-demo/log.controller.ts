import { Body, Controller, Get, NotFoundException, Param, Post, Put } from '@nestjs/common';
import { HedgeService } from 'nestjs-hedge';
import { EntryFeed } from './live/entry.feed.js';

/** The log: written by the leader, whichever member is asked; read by any. */
@Controller('log')
export class LogController {
  constructor(
    private readonly hedge: HedgeService,
    private readonly feed: EntryFeed,
  ) {}

  @Post(':key')
  append(@Param('key') key: string, @Body() value: string | undefined) {
    return this.put(key, value);
  }

  @Put(':key')
  async put(@Param('key') key: string, @Body() value = '') {
    const receipt = await this.hedge.put(key, value);
    this.feed.announce({ ...receipt, value });
    return receipt;
  }

  @Get(':key')
  async get(@Param('key') key: string) {
    const entry = await this.hedge.get(key);
    if (!entry) throw new NotFoundException(`Nothing was put under '${key}' yet`);
    return entry;
  }

  @Get(':key/history')
  history(@Param('key') key: string) {
    return this.hedge.history(key, { limit: 100 });
  }
}
