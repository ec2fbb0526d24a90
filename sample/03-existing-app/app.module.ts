import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { HedgeModule } from 'nestjs-hedge'; // hedge
import { InvoicesController } from './invoices.controller.js';
import { Invoices } from './invoices.js';
import { Reminders } from './reminders.js';

const { DATABASE: database, HEDGE_SECRET: secret } = process.env; // hedge

@Module({
  imports: [
    ScheduleModule.forRoot(),
    HedgeModule.forRoot({ database, secret, lockName: 'shop' }), // hedge
  ],
  controllers: [InvoicesController],
  providers: [Invoices, Reminders],
})
export class AppModule {}
