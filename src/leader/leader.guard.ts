import {
  HttpException,
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RpcException } from '@nestjs/microservices';
import type { Member } from '../membership/index.js';
import { REDIRECTED } from './leader.messages.js';
import { LeaderCheck } from './leader.check.js';
import { redirectLocation } from './redirect.location.js';

/** The client repeats its method and body. */
const TEMPORARY_REDIRECT = 307;

/**
 * Lets requests pass on the leader: `@UseGuards(LeaderGuard)`, in any module. Other members redirect an HTTP client to
 * the leader if the leader's `metadata.url` gives its URL, and answer 503 otherwise. Extend the guard to change that; a
 * subclass may have a constructor of its own.
 *
 * The guard decides when the request arrives, by the clock. The term may end while the request runs: put what must not
 * outlive it, or pass the fencing token on.
 *
 * @example
 * ```ts
 * @Injectable()
 * class WritesOnLeader extends LeaderGuard {
 *   protected override shouldSkip(context: ExecutionContext) {
 *     return context.switchToHttp().getRequest<{ method: string }>().method === 'GET';
 *   }
 * }
 *
 * @Controller('orders')
 * @UseGuards(WritesOnLeader)
 * class OrdersController {}
 * ```
 */
@Injectable()
export class LeaderGuard implements CanActivate {
  // Not in the constructor: a subclass with its own would have to repeat these parameters.
  @Inject(LeaderCheck) private readonly leaderCheck!: LeaderCheck;
  @Inject(HttpAdapterHost) private readonly http!: HttpAdapterHost;

  /** On the leader: at once, without I/O. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.leaderCheck.isLeader() || this.#elsewhere(context);
  }

  /** Whether this request may pass on a member that does not lead. @default false */
  protected shouldSkip(_context: ExecutionContext): boolean | Promise<boolean> {
    return false;
  }

  /**
   * The URL to redirect an HTTP client to; undefined: no redirect. The guard sends it unchanged, so take nothing but
   * the path from the client's request.
   * @default the request's path below the leader's `metadata.url`, when that is a URL for HTTP
   */
  protected redirectTo(leader: Member, context: ExecutionContext): string | undefined {
    const { originalUrl, url } = context.switchToHttp().getRequest<{
      originalUrl?: unknown;
      url?: unknown;
    }>();
    return redirectLocation(leader.metadata['url'], originalUrl ?? url);
  }

  /**
   * Refuses a request that neither passes nor is redirected. If this throws nothing, Nest answers 403.
   *
   * HTTP: 503 with `{ code, message, leader }` and the headers `Retry-After` (seconds) and `Hedge-Leader` (the leader's
   * id). RPC: an `RpcException` with `{ code, message, leader }`. Both have a `HedgeError` as their `cause`; all other
   * contexts get that error itself.
   *
   * @param leader undefined when no leader is known
   * @throws `NOT_LEADER`, or `NOT_RUNNING` on a member that has not started or has shut down
   */
  protected throwNotLeader(
    context: ExecutionContext,
    leader: Member | undefined,
  ): void | Promise<void> {
    const error = this.leaderCheck.refusal(leader);
    const { code, message, status } = error;
    const body = { code, message, leader: leader?.id };
    switch (context.getType()) {
      case 'http':
        this.#setHeader(context, 'Retry-After', `${this.leaderCheck.retryAfter(leader)}`);
        if (leader) this.#setHeader(context, 'Hedge-Leader', leader.id);
        // Nest logs any other error with its stack, and a request to a follower is nothing unusual.
        throw new HttpException({ statusCode: status, ...body }, status, { cause: error });
      case 'rpc':
        throw Object.assign(new RpcException(body), { cause: error });
      default:
        throw error;
    }
  }

  async #elsewhere(context: ExecutionContext): Promise<boolean> {
    if (await this.shouldSkip(context)) return true;
    const { leader } = this.leaderCheck;
    if (leader && context.getType() === 'http') this.#redirect(context, leader);
    await this.throwNotLeader(context, leader);
    return false;
  }

  #redirect(context: ExecutionContext, leader: Member): void {
    const location = this.redirectTo(leader, context);
    if (location === undefined) return;
    this.#setHeader(context, 'Location', location);
    const body = { statusCode: TEMPORARY_REDIRECT, message: REDIRECTED(location) };
    throw new HttpException(body, TEMPORARY_REDIRECT);
  }

  /** Through the adapter: Express and Fastify differ. */
  #setHeader(context: ExecutionContext, name: string, value: string): void {
    const response: unknown = context.switchToHttp().getResponse();
    this.http.httpAdapter.setHeader(response, name, value);
  }
}
