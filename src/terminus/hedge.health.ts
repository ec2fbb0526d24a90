import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { EXPECTED, HedgeError, textOf } from '../errors/index.js';
import { MemberHealth } from '../member/index.js';
import { KNOWS_NO_LEADER, MEMBER_LEAVES } from './terminus.messages.js';

/** For {@link HedgeHealthIndicator.isReady}. */
export interface ReadinessOptions {
  /** ms that the store has to answer in. @default 1,000 */
  timeout?: number;
  /** Down while no leader is known: for an app that can do nothing without one. @default true */
  requireLeader?: boolean;
  /** Down while the store does not answer. `false`: it is not asked. @default true */
  requireStore?: boolean;
}

/**
 * The member's health for `@nestjs/terminus`: add it to the `providers` of the module that imports `TerminusModule`.
 *
 * A follower is as healthy as the leader. Give {@link isLive} to the liveness probe and {@link isReady} to the readiness
 * probe, not the other way round: a restart would bring back neither a store that is away nor a leader.
 */
@Injectable()
export class HedgeHealthIndicator {
  /** @internal made by Nest: inject it */
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(MemberHealth) private readonly member: MemberHealth,
  ) {}

  /**
   * Whether a restart would be of no use: down only before the member has started and after it was closed. No I/O. Up while
   * the store is away, while nobody leads, and while a shutdown lets handlers end.
   */
  isLive(key: string): HealthIndicatorResult {
    const check = this.indicators.check(key);
    const { notRunning } = this.member;
    if (notRunning) return check.down({ message: notRunning.message });
    return check.up(this.#details);
  }

  /**
   * Whether the member can do its work: it listens, is not shutting down, knows of a leader, and the store answers. Costs
   * the store one strong read of one row. The details say `id`, `role`, `leader`, its lease that remains in ms
   * (`leaderLease`), how many `members` there are, and whether the `store` answered.
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

  /** @returns why the store cannot be used, if it cannot */
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
