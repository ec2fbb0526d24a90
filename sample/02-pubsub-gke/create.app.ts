import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { CloudLogger } from './cloud.logger.js';
import { Settings } from './settings.js';

/** @returns what starts it */
export async function createApp(): Promise<() => Promise<void>> {
  const logger = new CloudLogger();
  const app = await NestFactory.create(AppModule, { logger });
  // Without it a SIGTERM would leave the group without a leader for a whole lease, and the subscription behind.
  app.enableShutdownHooks([], { useProcessExit: true });
  return () => start(app, logger);
}

async function start(app: INestApplication, logger: CloudLogger): Promise<void> {
  try {
    await app.listen(app.get(Settings).port);
  } catch (error) {
    // The last line of the log says why. Node itself would print 80, each an entry of its own in Cloud Logging.
    logger.fatal((error as Error).stack, 'Start');
    process.exit(1);
  }
}
