import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { EXPECTED, HedgeError, textOf } from '../errors/index.js';
import { MemberHealth } from '../member/index.js';
import { KNOWS_NO_LEADER, MEMBER_LEAVES } from './terminus.messages.js';

/** The options of {@link HedgeHealthIndicator.isReady}. */
export interface ReadinessOptions {
  /** ms that the store has for its answer. @default 1,000 */
  timeout?: number;
  /** Whether the member is down while it knows no leader. @default true */
  requireLeader?: boolean;
  /** Whether the member is down while the store does not answer. With `false`, the store is not asked. @default true */
  requireStore?: boolean;
}

/**
 * The health of this member for `@nestjs/terminus`. Add it to the `providers` of a module that imports
 * `TerminusModule`.
 *
 * A follower is as healthy as the leader. Use {@link isLive} for the liveness probe and {@link isReady} for the
 * readiness probe, not the other way round: a restart repairs neither the store nor the leadership.
 *
 * @example
 * ```ts
 * @Controller('health')
 * class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly hedge: HedgeHealthIndicator,
 *   ) {}
 *
 *   @Get('live')
 *   live() {
 *     return this.health.check([() => this.hedge.isLive('hedge')]);
 *   }
 *
 *   @Get('ready')
 *   ready() {
 *     return this.health.check([() => this.hedge.isReady('hedge', { timeout: 500 })]);
 *   }
 * }
 *
 * @Module({
 *   imports: [TerminusModule],
 *   controllers: [HealthController],
 *   providers: [HedgeHealthIndicator],
 * })
 * class HealthModule {}
 * ```
 */
@Injectable()
export class HedgeHealthIndicator {
  /** @internal Nest makes it: inject it */
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(MemberHealth) private readonly member: MemberHealth,
  ) {}

  /**
   * Down only before the member has started and after it has shut down. Up while the store is away, while no member
   * leads, and while a shutdown waits for handlers: a restart would help in none of these. It does no I/O.
   */
  isLive(key: string): HealthIndicatorResult {
    const check = this.indicators.check(key);
    const { notRunning } = this.member;
    if (notRunning) return check.down({ message: notRunning.message });
    return check.up(this.#details);
  }

  /**
   * Up when the member listens, is not shutting down, knows a leader, and the store answers. The store reads a single
   * row for it. The details have the `id`, the `role`, the `leader`, the rest of its lease in ms (`leaderLease`), the
   * number of `members`, and whether the `store` answered.
   * @throws HedgeError `INVALID_ARGUMENT`
   */
  async isReady(key: string, options: ReadinessOptions = {}): Promise<HealthIndicatorResult> {
    const { timeout = 1_000, requireLeader = true, requireStore = true } = options;
    if (!(Number.isFinite(timeout) && timeout > 0)) {
      const text = EXPECTED('timeout', 'a finite number of ms above 0', timeout);
      throw new HedgeError('INVALID_ARGUMENT', text);
    }
    const check = this.indicators.check(key);
    const { notRunning } = this.member;
    if (notRunning) return check.down({ message: notRunning.message });
    const failure = requireStore ? await this.#storeFailure(timeout) : undefined;
    const store = failure === undefined ? 'up' : 'down';
    const details = { ...this.#details, store: requireStore ? store : undefined };
    const message = this.#whyNotReady(requireLeader) ?? failure;
    return message === undefined ? check.up(details) : check.down({ ...details, message });
  }

  get #details() {
    const { isLeader, id, leader, leaderLease, members } = this.member.standing;
    return { id, role: isLeader ? 'leader' : 'follower', leader, leaderLease, members };
  }

  /** @returns the error of the store, if it has one */
  async #storeFailure(timeout: number): Promise<string | undefined> {
    try {
      await this.member.askStore(timeout);
      return undefined;
    } catch (error) {
      return textOf(error);
    }
  }

  #whyNotReady(requireLeader: boolean): string | undefined {
    const { notRunning, isLeaving, standing } = this.member;
    if (notRunning) return notRunning.message;
    if (isLeaving) return MEMBER_LEAVES;
    return requireLeader && !standing.leader ? KNOWS_NO_LEADER : undefined;
  }
}
