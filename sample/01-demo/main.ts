import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { DemoLogger } from './demo.logger.js';
import { port } from './status.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: new DemoLogger(),
  bodyParser: false,
  // Pages that listen would keep it from closing.
  forceCloseConnections: true,
});
// Whatever curl -d sends is text.
app.useBodyParser('text', { type: () => true });
// The page goes on with another member when its own is gone.
app.enableCors();
app.useStaticAssets(fileURLToPath(new URL('../../../sample/01-demo/page', import.meta.url)));
// Without it a SIGTERM would leave the group without a leader for a whole lease.
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen(port);
