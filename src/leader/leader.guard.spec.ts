import type { ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { HedgeError } from '../errors/index.js';
import type { Member } from '../membership/index.js';
import { LeaderCheck } from './leader.check.js';
import { LeaderGuard } from './leader.guard.js';

const leader: Pick<Member, 'id' | 'metadata'> = {
  id: 'b:1',
  metadata: { url: 'http://b:3000/api' },
};

/** As Fastify's reply has it, where Express has `setHeader`. */
class Reply {
  readonly headers: Record<string, string> = {};

  header(name: string, value: string): void {
    this.headers[name] = value;
  }
}

describe('LeaderGuard, on an HTTP server that is not Express', () => {
  const refusal = new HedgeError('NOT_LEADER', 'not here');

  async function refused(request: object, known: typeof leader | undefined) {
    const check = {
      isLeader: () => false,
      leader: known,
      retryAfter: () => 3,
      refusal: () => refusal,
    };
    const httpAdapter = {
      setHeader: (reply: Reply, name: string, value: string) => reply.header(name, value),
    };
    const module = await Test.createTestingModule({
      providers: [
        LeaderGuard,
        { provide: LeaderCheck, useValue: check },
        { provide: HttpAdapterHost, useValue: { httpAdapter } },
      ],
    }).compile();
    const reply = new Reply();
    const http = { getRequest: () => request, getResponse: () => reply };
    const context = { getType: () => 'http', switchToHttp: () => http };
    const answer = module.get(LeaderGuard).canActivate(context as unknown as ExecutionContext);
    const error: unknown = await Promise.resolve(answer).catch((reason: unknown) => reason);
    return { error, headers: reply.headers };
  }

  it('redirects to the URL that the client asked for, whatever rewrote it on its way', async () => {
    const { error, headers } = await refused({ originalUrl: '/x?y', url: '/rewritten' }, leader);

    expect(error).toMatchObject({ status: 307 });
    expect(headers).toEqual({ Location: 'http://b:3000/api/x?y' });
    const plain = await refused({ url: '/x' }, leader);
    expect(plain.headers).toEqual({ Location: 'http://b:3000/api/x' });
  });

  it('refuses with what a client needs to try again, and a HedgeError behind it', async () => {
    const { error, headers } = await refused({}, { ...leader, metadata: {} });

    expect(error).toMatchObject({ status: 503, cause: refusal });
    expect(headers).toEqual({ 'Retry-After': '3', 'Hedge-Leader': 'b:1' });
    expect((await refused({}, undefined)).headers).toEqual({ 'Retry-After': '3' });
  });
});
