import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { HedgeHealthIndicator } from 'nestjs-hedge/terminus';
import { CommandListener } from './command.listener.js';

/** What the probes of the Deployment ask. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly hedge: HedgeHealthIndicator,
    private readonly listener: CommandListener,
  ) {}

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.hedge.isLive('hedge')]);
  }

  /** A pod that cannot subscribe is not ready: a rolling update stops at it. */
  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([
      () => this.hedge.isReady('hedge'),
      () => this.listener.isListening('pubsub'),
    ]);
  }
}
