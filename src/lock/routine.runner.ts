import { EXPECTED, HedgeError } from '../errors/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import type { Holding } from './holding.js';
import { TERM_ENDED } from './lock.messages.js';

/** Runs the app's functions while the member holds a lock or a permit, and gives that back at their end. */
export class RoutineRunner {
  readonly #running = new Set<Promise<unknown>>();

  constructor(private readonly clock: Clock) {}

  /**
   * Runs the routine, then releases the holding. It waits for the end of the routine even if the holding is lost.
   * Resolves and rejects as the routine does.
   * @throws HedgeError `LOCK_LOST`: the routine succeeded, but the holding was lost before its end
   */
  run<H extends Holding, R>(holding: H, routine: (holding: H) => R): Promise<Awaited<R>> {
    const run = runWith(holding, routine);
    this.#running.add(run);
    const over = () => void this.#running.delete(run);
    run.then(over, over);
    return run;
  }

  /** Resolves when the routines that run now have ended, or `timeout` ms later. */
  finished(timeout: number): Promise<void> {
    return settledWithin(this.clock, timeout, Promise.allSettled(this.#running));
  }
}

/** @throws HedgeError `INVALID_ARGUMENT` */
export function checkRoutine(routine: unknown): void {
  if (typeof routine === 'function') return;
  throw new HedgeError('INVALID_ARGUMENT', EXPECTED('fn', 'a function', routine));
}

async function runWith<H extends Holding, R>(
  holding: H,
  routine: (holding: H) => R,
): Promise<Awaited<R>> {
  let loss: HedgeError | undefined;
  try {
    const result = await routine(holding);
    loss = lossOf(holding);
    if (!loss) return result;
  } finally {
    // A release never rejects, so the caller gets the routine's own error.
    await holding.release();
  }
  throw loss;
}

/** A routine may give its holding back itself: that is no loss. */
function lossOf({ term }: Holding): HedgeError | undefined {
  if (term.isHeld() || term.lossReason === 'released') return undefined;
  const { signal } = term;
  const text = TERM_ENDED(term.resource.label, term.lossReason ?? 'expired');
  return new HedgeError('LOCK_LOST', text, signal.aborted ? { cause: signal.reason } : {});
}
