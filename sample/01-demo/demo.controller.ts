import { Body, Controller, Get, Header, NotFoundException, Param, Post, Put } from '@nestjs/common';
import { HedgeService } from 'nestjs-hedge';
import { page } from './page.js';
import { statusOf, type Status } from './status.js';

/** Every member answers the same: what only the leader can do is passed on to it. */
@Controller()
export class DemoController {
  constructor(private readonly hedge: HedgeService) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  index() {
    return page;
  }

  @Get('status')
  status(): Status {
    return statusOf(this.hedge);
  }

  /** Asked of the leader itself: waits while there is none. */
  @Get('leader')
  leader() {
    return this.hedge.send<Status>('who', {}, { idempotent: true });
  }

  @Post('send')
  send(@Body() text: string | undefined) {
    return this.hedge.send('greet', text ?? '');
  }

  @Post('log/:key')
  append(@Param('key') key: string, @Body() value: string | undefined) {
    return this.hedge.put(key, value ?? '');
  }

  @Put('log/:key')
  put(@Param('key') key: string, @Body() value: string | undefined) {
    return this.hedge.put(key, value ?? '');
  }

  @Get('log/:key')
  async get(@Param('key') key: string) {
    const entry = await this.hedge.get(key);
    if (!entry) throw new NotFoundException(`Nothing was put under '${key}' yet`);
    return entry;
  }

  @Get('log/:key/history')
  history(@Param('key') key: string) {
    return this.hedge.history(key, { limit: 100 });
  }
}
