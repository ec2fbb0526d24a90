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
import { leaderLocation } from './leader.location.js';
import { REDIRECTED } from './leader.messages.js';
import { LeaderStanding } from './leader.standing.js';

/** Method and body go along with it. */
const TEMPORARY_REDIRECT = 307;

/**
 * Lets through what arrives at the leader: `@UseGuards(LeaderGuard)`, in any module. Elsewhere HTTP clients are sent to the
 * leader when its `metadata.url` says where that is, and answered 503 otherwise. Extend it to decide otherwise; a
 * subclass may have a constructor of its own.
 *
 * It decides by the clock when the request comes: what must not outlive the term belongs in a `put`, or takes the token.
 */
@Injectable()
export class LeaderGuard implements CanActivate {
  // Not by the constructor, whose parameters every subclass with one of its own would have to repeat.
  @Inject(LeaderStanding) private readonly standing!: LeaderStanding;
  @Inject(HttpAdapterHost) private readonly http!: HttpAdapterHost;

  /** On the leader without I/O, and at once. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.standing.isLeader() || this.#elsewhere(context);
  }

  /** Whether the request may pass on a member that does not lead. @default false */
  protected shouldSkip(_context: ExecutionContext): boolean | Promise<boolean> {
    return false;
  }

  /**
   * Where to send an HTTP client; undefined: nowhere. Used as it is, so make it of nothing the client sent but the path.
   * @default below the leader's `metadata.url`, when that is a URL for HTTP
   */
  protected redirectTo(leader: Member, context: ExecutionContext): string | undefined {
    const { originalUrl, url } = context.switchToHttp().getRequest<{
      originalUrl?: unknown;
      url?: unknown;
    }>();
    return leaderLocation(leader.metadata['url'], originalUrl ?? url);
  }

  /**
   * Refuses what is neither passed nor redirected; by Nest's 403 when it throws nothing.
   *
   * HTTP: 503 with `{ code, message, leader }`, `Retry-After` (seconds) and `Hedge-Leader`, the leader's id. RPC: an
   * `RpcException` of `{ code, message, leader }`. All others, and the `cause` of both: a `HedgeError`.
   *
   * @param leader undefined: none is known
   * @throws `NOT_LEADER`, or `NOT_RUNNING` on a member that has not started or has shut down
   */
  protected throwNotLeader(
    context: ExecutionContext,
    leader: Member | undefined,
  ): void | Promise<void> {
    const error = this.standing.refusal(leader);
    const { code, message, status } = error;
    const body = { code, message, leader: leader?.id };
    switch (context.getType()) {
      case 'http':
        this.#setHeader(context, 'Retry-After', `${this.standing.retryAfter(leader)}`);
        if (leader) this.#setHeader(context, 'Hedge-Leader', leader.id);
        // Nest logs with its stack any other error: a follower that is asked is nothing out of the ordinary.
        throw new HttpException({ statusCode: status, ...body }, status, { cause: error });
      case 'rpc':
        throw Object.assign(new RpcException(body), { cause: error });
      default:
        throw error;
    }
  }

  async #elsewhere(context: ExecutionContext): Promise<boolean> {
    if (await this.shouldSkip(context)) return true;
    const { leader } = this.standing;
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

  /** By the adapter: Express and Fastify call it differently. */
  #setHeader(context: ExecutionContext, name: string, value: string): void {
    const response: unknown = context.switchToHttp().getResponse();
    this.http.httpAdapter.setHeader(response, name, value);
  }
}
