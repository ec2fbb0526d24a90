import { Injectable } from '@nestjs/common';
import { LeaderCron } from 'nestjs-hedge/schedule'; // hedge, was: import { Cron } from '@nestjs/schedule';
import { Invoices } from './invoices.js';

@Injectable()
export class Reminders {
  constructor(private readonly invoices: Invoices) {}

  @LeaderCron('0 6 * * *', { name: 'reminders' }) // hedge, was: @Cron('0 6 * * *', { name: 'reminders' })
  async send(): Promise<void> {
    await this.invoices.remindAll();
  }
}
