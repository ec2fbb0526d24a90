import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks([], { useProcessExit: true }); // hedge
await app.listen(process.env['PORT'] ?? 3000);
