import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { HedgeHealthIndicator } from 'nestjs-hedge/terminus';

/** What the probes of a Deployment ask. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly hedge: HedgeHealthIndicator,
  ) {}

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.hedge.isLive('hedge')]);
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.hedge.isReady('hedge')]);
  }
}
