import { Inject } from '@nestjs/common';
import { wrapMethod } from '../decorators/wrap-method.js';
import { HedgeError, INVALID_NAME } from '../errors/index.js';
import { NOT_MADE_BY_NEST } from '../decorators/decorators.messages.js';
import { checkLockName, isLockName } from '../table/index.js';
import { LOCK_BUSY, LOCK_BUSY_BY_NEWER_ROW, LOCK_NAME_FAILED } from './lock.messages.js';
import { LockService } from './lock.service.js';
import type { Holder } from './resource.js';
import {
  checkOptions,
  type AsyncMethod,
  type LockedMethod,
  type WithLockOptions,
} from './with-lock.options.js';

/** The property of the instances that Nest injects the service into. */
const LOCK_SERVICE = Symbol('hedge:lock-service');

type Injected = { readonly [LOCK_SERVICE]?: LockService } | undefined;
type RunLocked = (name: string, run: () => Promise<unknown>) => Promise<unknown>;

/**
 * Runs the method while this member holds the lock. In the method, `LockService.current` is that lock, with its token
 * and its signal. For methods of classes that Nest instantiates. Stands above or below any decorator that sets metadata
 * (`@Cron`, `@OnEvent`, `@OnLeaderMessage`, …). Not reentrant.
 *
 * @param name of the lock, or a function that makes the name from the method's arguments
 * @throws HedgeError from the method: `LOCK_LOST`, `LOCK_BUSY`, as `LockService.acquire`, and as the method itself.
 *   From the decorator: `INVALID_ARGUMENT`, `INVALID_HANDLER`.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Billing {
 *   constructor(private readonly locks: LockService) {}
 *
 *   @WithLock((customer: string) => `customer-${customer}`, { timeout: 5_000 })
 *   async bill(customer: string): Promise<void> {
 *     const signal = this.locks.current?.signal;
 *     await fetch(`https://bank.example/${customer}`, { method: 'PUT', signal });
 *   }
 *
 *   @WithLock('monthly', { onBusy: 'skip' })
 *   async closeMonth(): Promise<void> {}
 * }
 * ```
 */
export function WithLock<A extends unknown[], const O extends WithLockOptions>(
  name: string | ((...args: A) => string),
  options?: O,
) {
  if (typeof name !== 'function') checkLockName(name);
  const given = options ?? {};
  checkOptions(given);

  return <M extends AsyncMethod>(
    target: object,
    key: string | symbol,
    descriptor: LockedMethod<M, A, O>,
  ): void => {
    wrapMethod('@WithLock()', target, key, descriptor, (method, label) => {
      Inject(LockService)(target, LOCK_SERVICE);
      return async function (this: Injected, ...args: Parameters<M>): Promise<unknown> {
        const lockService = this?.[LOCK_SERVICE];
        if (!lockService) {
          throw new HedgeError('INVALID_HANDLER', NOT_MADE_BY_NEST('@WithLock()', label));
        }
        const lockName = nameOf(label, () =>
          typeof name === 'function' ? Reflect.apply(name, this, args) : name,
        );
        return runnerOf(lockService, given)(lockName, () => Reflect.apply(method, this, args));
      };
    });
  };
}

function runnerOf(lockService: LockService, { onBusy, ...limits }: WithLockOptions): RunLocked {
  switch (onBusy) {
    case 'skip':
      return (name, run) => lockService.usingIfFree(name, run, limits, () => undefined);
    case 'throw':
      return (name, run) =>
        lockService.usingIfFree(name, run, limits, (holder) => {
          throw new HedgeError('LOCK_BUSY', busyText(name, holder));
        });
    default:
      return (name, run) => lockService.using(name, run, limits);
  }
}

function busyText(name: string, holder: Holder): string {
  const { newerFormat } = holder;
  if (newerFormat === undefined) return LOCK_BUSY(name, holder.address);
  return LOCK_BUSY_BY_NEWER_ROW(name, newerFormat);
}

/** @throws HedgeError `INVALID_ARGUMENT` */
function nameOf(label: string, make: () => unknown): string {
  let name: unknown;
  try {
    name = make();
  } catch (error) {
    throw new HedgeError('INVALID_ARGUMENT', LOCK_NAME_FAILED(label, error), { cause: error });
  }
  if (isLockName(name)) return name;
  throw new HedgeError('INVALID_ARGUMENT', LOCK_NAME_FAILED(label, INVALID_NAME('lock', name)));
}
