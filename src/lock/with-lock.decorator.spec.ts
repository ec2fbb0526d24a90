import { Injectable, SetMetadata, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemberRooms } from '../../test/support/simulated/member.rooms.js';
import { LOCK_BUSY_BY_NEWER_ROW } from './lock.messages.js';
import type { Lock } from './lock.js';
import { LockService } from './lock.service.js';
import { WithLock } from './with-lock.decorator.js';

const Mark = (key: string) => SetMetadata(key, key);
const SECRET = Symbol('secret');

@Injectable()
class Jobs {
  readonly held: (Lock | undefined)[] = [];
  runs = 0;

  constructor(readonly locks: LockService) {}

  @WithLock('job')
  async run(result: string): Promise<string> {
    this.#note();
    return result;
  }

  @WithLock((id: string) => `order-${id}`)
  async order(id: string, amount: number): Promise<string> {
    this.#note();
    return `${id}: ${amount}`;
  }

  @WithLock('job', { onBusy: 'skip' })
  async skipped(): Promise<'ran' | undefined> {
    this.#note();
    return 'ran';
  }

  @WithLock('job', { onBusy: 'throw' })
  async thrown(): Promise<void> {
    this.#note();
  }

  @WithLock('secret')
  async [SECRET](): Promise<void> {
    this.#note();
  }

  @WithLock(() => {
    throw new TypeError('no id');
  })
  async nameless(): Promise<void> {
    this.#note();
  }

  @WithLock((id: string) => `a/${id}`)
  async misnamed(_id: string): Promise<void> {
    this.#note();
  }

  @Mark('above')
  @WithLock('job')
  @Mark('below')
  async marked(_one: string, _two: string): Promise<void> {
    this.#note();
  }

  #note(): void {
    this.runs++;
    this.held.push(this.locks.current);
  }
}

@Injectable()
class MoreJobs extends Jobs {
  @WithLock('more')
  override async thrown(): Promise<void> {
    await super.run('');
  }
}

describe('a method with a lock', () => {
  let rooms: MemberRooms;
  let jobs: Jobs;

  beforeEach(async () => {
    rooms = new MemberRooms();
    jobs = await made(Jobs);
  });

  async function made<T>(type: Type<T>): Promise<T> {
    const locks = { provide: LockService, useValue: rooms.locks() };
    const module = await Test.createTestingModule({ providers: [type, locks] }).compile();
    return module.get(type);
  }

  const names = () => jobs.held.map((lock) => lock?.name);

  it('runs while the lock is held, with its own this and arguments', async () => {
    expect(await rooms.during(jobs.run('done'))).toBe('done');
    expect(await rooms.during(jobs.order('7', 3))).toBe('7: 3');
    await rooms.during(jobs[SECRET]());

    expect(names()).toEqual(['job', 'order-7', 'secret']);
    expect(jobs.held.some((lock) => lock?.isHeld())).toBe(false);
    expect(jobs.locks.current).toBeUndefined();
    expect(rooms.rowNames).toEqual([]);
  });

  it('has a lock in a class that extends another, too', async () => {
    const more = await made(MoreJobs);
    await rooms.during(more.thrown());
    await rooms.during(more.order('1', 1));

    expect(more.held.map((lock) => lock?.name)).toEqual(['job', 'order-1']);
  });

  describe('that another member holds', () => {
    let lock: Lock;

    beforeEach(async () => {
      lock = await rooms.during(rooms.other('b:1').locks().acquire('job'));
    });

    it('waits, by default', async () => {
      const run = jobs.run('done');
      await rooms.time.advance(1_000);
      expect(jobs.runs).toBe(0);
      await rooms.during(lock.release());

      expect(await rooms.during(run)).toBe('done');
    });

    it('is left out with onBusy: skip, at the price of one read', async () => {
      const { requests } = rooms.network;

      expect(await rooms.during(jobs.skipped())).toBeUndefined();
      expect(rooms.network.requests - requests).toBe(1);
      expect(jobs.runs).toBe(0);
      await rooms.during(lock.release());
      expect(await rooms.during(jobs.skipped())).toBe('ran');
    });

    it('rejects with onBusy: throw, and says who holds it', async () => {
      await expect(rooms.during(jobs.thrown())).rejects.toMatchObject({
        code: 'LOCK_BUSY',
        status: 409,
        message: expect.stringContaining('Member b:1 holds the lock') as unknown,
      });
      expect(jobs.runs).toBe(0);
    });
  });

  it('rejects with onBusy: throw, and says so where a newer version holds the lock', async () => {
    const fence = { name: 'hedge/g/lock/job#t', writer: 'v2 anything' };
    rooms.model.commit([{ table: 'lock', op: 'insert', ...fence }]);

    await expect(rooms.during(jobs.thrown())).rejects.toMatchObject({
      code: 'LOCK_BUSY',
      message: LOCK_BUSY_BY_NEWER_ROW('job', 2),
    });
    expect(jobs.runs).toBe(0);
  });

  it('does not run where its name function fails, or gives no name', async () => {
    await expect(jobs.nameless()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /Jobs\.nameless\(\) gave no valid lock name\. The method did not run\. no id/,
      ) as unknown,
    });
    await expect(jobs.misnamed('b')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/Jobs\.misnamed\(\) .*"a\/b"/) as unknown,
    });
    expect(jobs.runs).toBe(0);
  });

  it('looks to Nest as it would without', () => {
    const marked = Reflect.get(Jobs.prototype, 'marked') as Function;

    expect(Reflect.getMetadata('above', marked)).toBe('above');
    expect(Reflect.getMetadata('below', marked)).toBe('below');
    expect([marked.name, marked.length]).toEqual(['marked', 2]);
  });

  it('says so when Nest has not made the instance', async () => {
    await expect(new Jobs(rooms.locks()).run('')).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringContaining('Jobs.run() needs an instance that Nest created') as unknown,
    });
    const run = Reflect.get(jobs, 'run') as () => Promise<string>;
    await expect(Reflect.apply(run, undefined, [''])).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
    });
  });
});

describe('@WithLock()', () => {
  it('refuses a wrong name, a wrong option and a static method', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error;
    expect(() => WithLock('a/b')).toThrow(invalid);
    expect(() => WithLock('a', { onBusy: 'ignore' as 'skip' })).toThrow(invalid);
    expect(() => WithLock('a', { timeout: 0 })).toThrow(invalid);
    const decorate = WithLock('a');
    const run = { value: () => Promise.resolve() };

    expect(() => decorate(Jobs, 'create', run)).toThrow(/Jobs\.create is not one/);
    expect(() => decorate(Jobs.prototype, 'held', {})).toThrow(/Jobs\.held is not one/);
  });

  it('compiles only on methods it fits', () => {
    class Fitting {
      @WithLock((id: string) => id)
      async more(_id: string, _n: number): Promise<number> {
        return 1;
      }

      @WithLock('a', { onBusy: 'skip' })
      async nothing(): Promise<void> {}

      // @ts-expect-error the method gives no promise
      @WithLock('a')
      sync(): void {}

      // @ts-expect-error the name function takes a string, the method a number
      @WithLock((id: string) => id)
      async other(_id: number): Promise<void> {}

      // @ts-expect-error the name function needs what the method does not get
      @WithLock((id: string) => id)
      async fewer(): Promise<void> {}

      // @ts-expect-error skipped, it would resolve undefined
      @WithLock('a', { onBusy: 'skip' })
      async number(): Promise<number> {
        return 1;
      }

      // @ts-expect-error a name function gives a string
      @WithLock((id: number) => id)
      async numbered(_id: number): Promise<void> {}
    }
    expect(Fitting).toBeDefined();
  });
});
