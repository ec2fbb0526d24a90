import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { CloudLogger } from './cloud.logger.js';
import { Settings } from './settings.js';

export async function createApp(): Promise<{ app: INestApplication; port: number }> {
  const app = await NestFactory.create(AppModule, { logger: new CloudLogger() });
  // Without it a SIGTERM would leave the group without a leader for a whole lease, and the subscription behind.
  app.enableShutdownHooks([], { useProcessExit: true });
  return { app, port: app.get(Settings).port };
}
