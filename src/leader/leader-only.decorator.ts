import { Inject, Optional } from '@nestjs/common';
import { wrapMethod } from '../decorators/wrap-method.js';
import { EXPECTED, HedgeError } from '../errors/index.js';
import { NO_MEMBER } from './leader.messages.js';
import { LeaderWork } from './leader.work.js';

/** What `@LeaderOnly()` does elsewhere. */
export interface LeaderOnlyOptions {
  /**
   * On a member that does not lead: leave the method out, so that the call gives `undefined`; or throw `NOT_LEADER`
   * (where it returns a promise: reject it). @default 'skip'
   */
  onFollower?: 'skip' | 'throw';
}

/** Where the instances of a class with such methods have what Nest injects. */
const WORK = Symbol('hedge:leader-work');

type Injected = { readonly [WORK]?: LeaderWork } | undefined;
type AnyMethod = (...args: never[]) => unknown;

/** Only a method that may give `undefined` is skipped. */
type LeaderOnlyMethod<
  M extends AnyMethod,
  O extends LeaderOnlyOptions,
> = TypedPropertyDescriptor<M> &
  (O extends { onFollower: 'throw' }
    ? unknown
    : undefined extends Awaited<ReturnType<M>>
      ? unknown
      : { "a method without onFollower: 'throw' must return void or undefined too": never });

/**
 * Runs the method on the leader, and skips it on other members. For methods of classes that Nest makes, of any scope;
 * above or below any decorator that sets metadata (`@Cron`, `@Interval`, `@OnEvent`, …): all members register the
 * method, and the leader runs it.
 *
 * The method runs in the current term, which `HedgeService.currentTerm` gives: stop when its `signal` aborts. Entries
 * that the method puts are written in that term, or never. Called by code that already belongs to a term, such as a
 * leader handler, it runs in that term, or not at all. A shutdown waits for it as for leader handlers, at most
 * `drainTimeout` ms.
 *
 * @throws HedgeError from the method, with `onFollower: 'throw'`: `NOT_LEADER`, or `NOT_RUNNING` on a member that has
 *   not started or shuts down. From the method of an instance without a member: `INVALID_HANDLER`. From the decorator:
 *   `INVALID_ARGUMENT`, `INVALID_HANDLER`.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Reports {
 *   @Cron('0 3 * * *')
 *   @LeaderOnly()
 *   async nightly() {}
 *
 *   @LeaderOnly({ onFollower: 'throw' })
 *   async total(): Promise<number> {
 *     return 7;
 *   }
 * }
 * ```
 */
export function LeaderOnly<const O extends LeaderOnlyOptions>(options?: O) {
  const { onFollower = 'skip' }: LeaderOnlyOptions = options ?? {};
  if (!['skip', 'throw'].includes(onFollower)) {
    throw new HedgeError(
      'INVALID_ARGUMENT',
      EXPECTED('onFollower', "'skip' or 'throw'", onFollower),
    );
  }

  return <M extends AnyMethod>(
    target: object,
    key: string | symbol,
    descriptor: LeaderOnlyMethod<M, O>,
  ): void => {
    wrapMethod('@LeaderOnly()', target, key, descriptor, (method, label) => {
      Inject(LeaderWork)(target, WORK);
      // Left out without a HedgeModule, so that the error says what is missing.
      Optional()(target, WORK);
      const run = function (this: Injected, ...args: Parameters<M>): unknown {
        const work = this?.[WORK];
        if (!work) throw new HedgeError('INVALID_HANDLER', NO_MEMBER('@LeaderOnly()', label));
        const term = work.callersTerm;
        if (term) return work.run(term, () => Reflect.apply(method, this, args));
        if (onFollower === 'throw') throw work.refusal();
        return undefined;
      };
      if (!returnsPromise(target, key, method)) return run;
      return async function (this: Injected, ...args: Parameters<M>): Promise<unknown> {
        return Reflect.apply(run, this, args);
      };
    });
  };
}

/** What does elsewhere gives a promise as well, for callers that go on with `.then` or `.catch`. */
function returnsPromise(target: object, key: string | symbol, method: Function): boolean {
  const returned: unknown = Reflect.getMetadata('design:returntype', target, key);
  return returned === Promise || method.constructor.name === 'AsyncFunction';
}
