import { Module } from '@nestjs/common';
import { HedgeModule } from 'nestjs-hedge';
import { Announcer } from './announcer.js';
import { DemoController } from './demo.controller.js';
import { Greeter } from './greeter.js';

@Module({
  imports: [
    HedgeModule.forRoot({
      // All three processes are given the same file; in production this names a Spanner database.
      database: process.env['DATABASE'] ?? 'sqlite:./hedge.db',
      lockName: 'demo',
      // After a kill -9 the group is without a leader for about so long.
      leaseDuration: 3_000,
    }),
  ],
  controllers: [DemoController],
  providers: [Announcer, Greeter],
})
export class AppModule {}
