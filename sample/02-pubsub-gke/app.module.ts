import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HedgeModule } from 'nestjs-hedge';
import { HedgeHealthIndicator } from 'nestjs-hedge/terminus';
import { CommandListener } from './command.listener.js';
import { Commands } from './commands.js';
import { GroupHandlers } from './group.handlers.js';
import { HealthController } from './health.controller.js';
import { Settings } from './settings.js';
import { SettingsModule } from './settings.module.js';

@Module({
  imports: [
    SettingsModule,
    HedgeModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: ({ hedge }: Settings) => hedge,
    }),
    TerminusModule.forRoot({ logger: false }),
  ],
  controllers: [HealthController],
  providers: [Commands, CommandListener, GroupHandlers, HedgeHealthIndicator],
})
export class AppModule {}
