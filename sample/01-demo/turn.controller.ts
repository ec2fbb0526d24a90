import { setTimeout as delay } from 'node:timers/promises';
import {
  Controller,
  DefaultValuePipe,
  Get,
  HttpCode,
  Logger,
  Param,
  ParseIntPipe,
  Post,
  Query,
} from '@nestjs/common';
import { LockService } from 'nestjs-hedge';
import { Jobs, POOL } from './jobs.js';

/** ms that a job or a lock is held, unless the request says otherwise. */
const HOLD = new DefaultValuePipe(4_000);

/** What only so many may do at once: one with a lock, some with a semaphore. */
@Controller()
export class TurnController {
  readonly #logger = new Logger('Demo');

  constructor(
    private readonly locks: LockService,
    private readonly jobs: Jobs,
  ) {}

  /** Waits for the lock, first come, first served, and holds it for `ms`. */
  @Post('lock/:name')
  lock(@Param('name') name: string, @Query('ms', HOLD, ParseIntPipe) ms: number) {
    const asked = performance.now();
    return this.locks.using(name, async (lock) => {
      const waited = Math.round(performance.now() - asked);
      await delay(ms, undefined, { signal: lock.signal });
      return { lock, waited, heldFor: ms };
    });
  }

  @Get('semaphore')
  semaphore() {
    return { ...POOL, jobsHere: this.jobs.all };
  }

  /** Starts a job and does not wait for it: the page shows how it waits for a permit and gets one. */
  @Post('semaphore')
  @HttpCode(202)
  start(@Query('ms', HOLD, ParseIntPipe) ms: number) {
    this.jobs
      .run(ms)
      .catch((error: Error) => this.#logger.warn(`A job ended early: ${error.message}`));
  }
}
