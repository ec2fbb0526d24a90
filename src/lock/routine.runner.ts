import { EXPECTED, HedgeError } from '../errors/index.js';
import { settledWithin, type Clock } from '../time/index.js';
import type { Holding } from './holding.js';
import { TERM_ENDED } from './lock.messages.js';

/** What runs while something is held, and gives it back at its end. */
export class RoutineRunner {
  readonly #running = new Set<Promise<unknown>>();

  constructor(private readonly clock: Clock) {}

  /**
   * Runs what is to be run while this is held. Waits for it whatever becomes of what it holds, and gives that back.
   * Rejects as the routine does.
   * @throws HedgeError `LOCK_LOST`: the routine succeeded, and what it held was lost before its end
   */
  run<H extends Holding, R>(holding: H, routine: (holding: H) => R): Promise<Awaited<R>> {
    const run = runWith(holding, routine);
    this.#running.add(run);
    const over = () => void this.#running.delete(run);
    run.then(over, over);
    return run;
  }

  /** Resolves when all that run now are over, or `timeout` ms later. */
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
    // It never rejects, so what the routine threw is what the caller gets.
    await holding.release();
  }
  throw loss;
}

/** Nothing is lost that the routine has given back itself. */
function lossOf({ term }: Holding): HedgeError | undefined {
  if (term.isHeld() || term.lossReason === 'released') return undefined;
  const { signal } = term;
  const text = TERM_ENDED(term.resource.label, term.lossReason ?? 'expired');
  return new HedgeError('LOCK_LOST', text, signal.aborted ? { cause: signal.reason } : {});
}
