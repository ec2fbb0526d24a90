import { Injectable, SetMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock, VirtualTime } from '../../test/support/time/virtual.clock.js';
import { HedgeError } from '../errors/index.js';
import type { Term } from '../lock/index.js';
import { RunningHandlers } from '../handlers/index.js';
import { LeaderOnly } from './leader-only.decorator.js';
import { LeaderWork } from './leader.work.js';
import { TermScope } from './term.scope.js';

const scope = new TermScope();
const Mark = (key: string) => SetMetadata(key, key);

@Injectable()
class Jobs {
  readonly terms: (Term | undefined)[] = [];
  goOn = () => {};

  @LeaderOnly()
  sync(one: number, other: number): number | undefined {
    this.terms.push(scope.current);
    return one + other;
  }

  @LeaderOnly()
  promised(): Promise<string | undefined> {
    this.terms.push(scope.current);
    return Promise.resolve('done');
  }

  @LeaderOnly()
  slow(): Promise<void> {
    return new Promise((resolve) => {
      this.goOn = resolve;
    });
  }

  @LeaderOnly({ onFollower: 'throw' })
  promisedOrThrown(): Promise<string> {
    return Promise.resolve('done');
  }

  @Mark('above')
  @LeaderOnly({ onFollower: 'throw' })
  @Mark('below')
  marked(_one: string, _two: string): string {
    return this.sync(1, 1) === 2 ? 'done' : '';
  }
}

describe('a method for the leader only', () => {
  let clock: VirtualClock;
  let running: RunningHandlers;
  let term: Term | undefined;
  let jobs: Jobs;
  const [first, second] = ['1', '2'].map((id) => ({ id }) as unknown as Term);

  beforeEach(async () => {
    clock = new VirtualClock(new VirtualTime());
    running = new RunningHandlers(clock);
    const election = {
      get term() {
        return term;
      },
    };
    const check = {
      self: 'a:1',
      leader: undefined,
      refusal: () => new HedgeError('NOT_LEADER', 'no'),
    };
    const work = new LeaderWork(election, scope, running, check);
    const module = await Test.createTestingModule({
      providers: [Jobs, { provide: LeaderWork, useValue: work }],
    }).compile();
    jobs = module.get(Jobs);
    term = first;
  });

  it('runs in the term, with its own this and arguments', async () => {
    expect(jobs.sync(1, 2)).toBe(3);
    expect(await jobs.promised()).toBe('done');
    expect(jobs.marked('', '')).toBe('done');
    expect(jobs.terms).toEqual([first, first, first]);
  });

  it('does nothing on other members, and returns a promise if it always does', async () => {
    term = undefined;
    expect(jobs.sync(1, 2)).toBeUndefined();
    expect(jobs.promised()).toBeInstanceOf(Promise);
    expect(await jobs.promised()).toBeUndefined();
    expect(jobs.terms).toEqual([]);
    expect(() => jobs.marked('', '')).toThrow(HedgeError);
    const rejected = jobs.promisedOrThrown();
    await expect(rejected).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  it('runs for what belongs to a term in that very term, or not at all', () => {
    expect(scope.run(first, () => jobs.sync(1, 2))).toBe(3);
    term = second;
    expect(scope.run(first, () => jobs.sync(1, 2))).toBeUndefined();
    const late = () => scope.run(first, () => jobs.marked('', ''));
    expect(late).toThrow(/term this call started in has ended/);
  });

  it('is waited for by a shutdown, which lets no other begin', async () => {
    const run = jobs.slow();
    let drained = false;
    const drain = running.drain(1_000).then(() => (drained = true));
    await clock.advance(500);
    expect(drained).toBe(false);
    jobs.goOn();
    await run;
    await drain;

    expect(jobs.sync(1, 2)).toBeUndefined();
    expect(() => jobs.marked('', '')).toThrow(/a:1 is shutting down/);
  });

  it('looks to Nest as it would without', () => {
    const marked = Reflect.get(Jobs.prototype, 'marked') as Function;

    expect(Reflect.getMetadata('above', marked)).toBe('above');
    expect(Reflect.getMetadata('below', marked)).toBe('below');
    expect([marked.name, marked.length]).toEqual(['marked', 2]);
  });
});

describe('@LeaderOnly()', () => {
  it('refuses an unknown option, and a method that belongs to no instance', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error;
    expect(() => LeaderOnly({ onFollower: 'wait' as 'skip' })).toThrow(invalid);
    const decorate = LeaderOnly();
    expect(() => decorate(Jobs, 'create', { value: () => {} })).toThrow(/Jobs\.create is not one/);
    expect(() => decorate(Jobs.prototype, 'terms', {})).toThrow(/Jobs\.terms is not one/);
  });

  it('compiles only on methods it fits', () => {
    class Fitting {
      @LeaderOnly()
      async nothing(): Promise<void> {}

      @LeaderOnly({ onFollower: 'throw' })
      number(_n: number): number {
        return 1;
      }

      // @ts-expect-error skipped, it would give undefined
      @LeaderOnly()
      skipped(): number {
        return 1;
      }

      // @ts-expect-error skipped, it would resolve undefined
      @LeaderOnly({ onFollower: 'skip' })
      async resolved(): Promise<number> {
        return 1;
      }
    }
    expect(Fitting).toBeDefined();
  });
});
