import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import { lastValueFrom, of, throwError, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  HedgeContext,
  HedgeService,
  HedgeStream,
  LeaderGuard,
  LeaderOnly,
  LockService,
  OnBroadcast,
  OnLeaderMessage,
  OnLeaderStream,
  OnLeadershipGained,
  OnLeadershipLost,
  OnMembersChanged,
  WithLock,
  type MembersChange,
} from '../../src/index.js';
import { hedgeTesting } from '../../src/testing/index.js';
import { closeTested, startTested } from '../support/apps/tested.apps.js';

@Injectable()
class Shop {
  readonly log: string[] = [];

  constructor(private readonly hedge: HedgeService) {}

  @OnLeaderMessage('order.place')
  async place(@Payload() id: string, @Ctx() context: HedgeContext) {
    if (id === '') throw new RpcException('no id');
    await this.hedge.put(`order/${id}`, context.getSender());
    return context.getToken() > 0n;
  }

  @OnLeaderStream('orders.import')
  async *import(@Payload() ids: HedgeStream<string>) {
    for await (const id of ids) yield `imported ${id}`;
  }

  @OnBroadcast({ cmd: 'drop' })
  drop(@Payload() keys: string[]) {
    return keys.length;
  }

  @LeaderOnly()
  sweep(): string | undefined {
    return 'swept';
  }

  @WithLock('nightly', { onBusy: 'throw' })
  async report() {
    return 'reported';
  }

  @OnLeadershipGained()
  gained() {
    this.log.push('gained');
  }

  @OnLeadershipLost()
  async lost(reason: string) {
    // Longer than any time of the group's that it takes for another to lead.
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.log.push(reason);
  }

  @OnMembersChanged()
  changed({ joined, left }: MembersChange) {
    for (const { id } of joined) this.log.push(`+${id}`);
    for (const { id } of left) this.log.push(`-${id}`);
  }
}

@Controller()
@UseGuards(LeaderGuard)
class Orders {
  @Get('orders')
  all() {
    return ['7'];
  }
}

afterEach(closeTested);

async function started(options?: Parameters<typeof hedgeTesting>[0]) {
  const testing = hedgeTesting(options);
  const app = await startTested(testing, { providers: [Shop], controllers: [Orders] });
  return { testing, app, shop: app.get(Shop), hedge: app.get(HedgeService) };
}

describe('a spec of a user’s', () => {
  it('asks @OnLeaderMessage() as this member and as another', async () => {
    const { testing, hedge } = await started();
    expect(await hedge.send('order.place', '7')).toBe(true);
    const other = await testing.join();
    expect(await other.hedge.send('order.place', '8')).toBe(true);
    expect(await hedge.get('order/7')).toMatchObject({ value: hedge.id });
    expect(await hedge.get('order/8')).toMatchObject({ value: other.id });
    await expect(other.hedge.send('order.place', '')).rejects.toMatchObject({
      code: 'HANDLER_ERROR',
      error: { message: 'no id' },
    });
  });

  it('says what a leader elsewhere answers', async () => {
    const { testing, hedge } = await started({ leads: false });
    const { leader } = testing;
    leader
      ?.onLeaderMessage('one', (data: object, context) => ({ ...data, by: context.getSender() }))
      .onLeaderMessage({ cmd: 'many' }, () => of(1, 2, 3))
      .onLeaderMessage('fails', () => throwError(() => new RpcException('sold out')))
      .onLeaderMessage('hangs', () => new Promise(() => undefined));

    expect(await hedge.send('one', { a: 1 })).toEqual({ a: 1, by: hedge.id });
    expect(await lastValueFrom(hedge.stream({ cmd: 'many' }, 0).pipe(toArray()))).toEqual([
      1, 2, 3,
    ]);
    await expect(hedge.send('fails', 0)).rejects.toMatchObject({ error: { message: 'sold out' } });
    await expect(hedge.send('nothing', 0)).rejects.toMatchObject({
      code: 'HANDLER_ERROR',
      error: { code: 'NO_HANDLER', message: expect.stringContaining('"nothing"') },
    });

    const hanging = hedge.send('hangs', 0, { timeout: 300_000 });
    const refusal = expect(hanging).rejects.toMatchObject({ code: 'TIMEOUT' });
    await testing.advance(300_000);
    await refusal;
  });

  it('puts by way of a leader elsewhere, which may die over it', async () => {
    const { testing, hedge } = await started({ leads: false });
    const { leader } = testing;
    expect(await hedge.put('a', '1')).toMatchObject({ key: 'a' });
    expect(await hedge.get('a')).toMatchObject({ value: '1', leader: leader?.id });

    await leader?.crash();
    const late = hedge.put('a', '2');
    await testing.advance(12_000);
    await late;
    expect(await hedge.get('a')).toMatchObject({ value: '2', leader: hedge.id });
  });

  it('streams to and from @OnLeaderStream()', async () => {
    const { testing } = await started();
    const other = await testing.join();
    const values: string[] = [];
    for await (const value of other.hedge.stream<string>('orders.import', of('7', '8'))) {
      values.push(value);
    }
    expect(values).toEqual(['imported 7', 'imported 8']);
  });

  it('broadcasts from another member, and has others answer', async () => {
    const { testing, hedge } = await started();
    const other = await testing.join();
    other.onBroadcast({ cmd: 'drop' }, () => 'other');
    const replies = [
      { member: hedge.id, reply: 2 },
      { member: other.id, reply: 'other' },
    ];
    expect(await other.hedge.broadcast({ cmd: 'drop' }, ['a', 'b'])).toMatchObject(replies);
    expect(await hedge.broadcast({ cmd: 'drop' }, ['a', 'b'])).toMatchObject(replies);
  });

  it('has other members that are made of classes with decorators', async () => {
    @Injectable()
    class OtherVersion {
      @OnLeaderStream('orders.import')
      async *import(@Payload() ids: HedgeStream<string>) {
        for await (const id of ids) yield `imported ${id} elsewhere`;
      }
    }
    const { testing, hedge } = await started();
    const other = await testing.join({ providers: [OtherVersion] });
    await other.lead();
    const values = hedge.stream<string>('orders.import', of('7')).pipe(toArray());
    expect(await lastValueFrom(values)).toEqual(['imported 7 elsewhere']);
  });

  it('has @LeaderOnly() left out while another member leads', async () => {
    const { testing, shop } = await started();
    expect(shop.sweep()).toBe('swept');
    await testing.loseLeadership();
    expect(shop.sweep()).toBeUndefined();
    await testing.electMe();
    expect(shop.sweep()).toBe('swept');
  });

  it('has @WithLock() find its lock taken', async () => {
    const { testing, app, shop } = await started();
    const other = await testing.join();
    const lock = await other.locks.acquire('nightly');
    await expect(shop.report()).rejects.toMatchObject({
      code: 'LOCK_BUSY',
      message: expect.stringContaining(other.id),
    });
    await lock.release();
    expect(await shop.report()).toBe('reported');
    expect(app.get(LockService).hasLock('nightly')).toBe(false);
  });

  it('has LeaderGuard send clients to the leader', async () => {
    const { testing, app } = await started();
    await app.listen(0, '127.0.0.1');
    const ask = async () => {
      const { status, headers } = await fetch(`${await app.getUrl()}/orders`, {
        redirect: 'manual',
      });
      return [status, headers.get('location')];
    };
    expect(await ask()).toEqual([200, null]);
    const other = await testing.join({ metadata: { url: 'http://other:3000' } });
    await other.lead();
    expect(await ask()).toEqual([307, 'http://other:3000/orders']);
    await other.leave();
    await testing.loseLeadership();
    expect(await ask()).toEqual([503, null]);
  });

  it('sees the hooks run, and waits for them as long as they take', async () => {
    const { testing, shop } = await started();
    const other = await testing.loseLeadership();
    await testing.electMe();
    await other.leave();
    expect(shop.log).toEqual(['gained', `+${other.id}`, 'stepped-down', 'gained', `-${other.id}`]);
  });
});
