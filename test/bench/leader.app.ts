/** The process on the other side: it leads, and answers bare Nest messages too. */
import type { Server } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { HedgeModule, HedgeService, OnLeaderMessage } from '../../src/index.js';

@Controller()
class Echo {
  @MessagePattern('echo')
  bare(@Payload() data: unknown): unknown {
    return data;
  }

  @OnLeaderMessage('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

@Module({
  imports: [
    HedgeModule.forRoot({
      database: process.env['DATABASE'],
      secret: process.env['SECRET'],
      lockName: 'bench',
      address: '127.0.0.1:0',
    }),
  ],
  controllers: [Echo],
})
class LeaderModule {}

const app = await NestFactory.create(LeaderModule, { logger: ['error'] });
const bare = app.connectMicroservice({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
});
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.init();
await app.get(HedgeService).ready();
const address = bare.unwrap<Server>().address();
process.send?.({ barePort: typeof address === 'object' ? address?.port : undefined });
process.once('disconnect', () => process.exit());
