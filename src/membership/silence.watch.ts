import type { Clock, Timer } from '../time/index.js';

/** ms */
const TICK = 500;

/** Ticks after which something should be asked of a member that is silent. */
const DOUBT = 3;

/** Ticks after which a member counts as gone: 4 s, so that a pause of 2 s (and the heartbeat before it) removes nobody. */
const GONE = 8;

/** Told of members that are silent. */
export interface SilenceListener {
  /** On each tick from {@link DOUBT} on. */
  doubted?(id: string): void;
  /** Once; it is watched no more. */
  silent(id: string): void;
}

/**
 * Counts for how long members have been silent, in ticks of a timer: what this process slept through itself counts
 * as one tick, whatever the clocks say, for the others may well have spoken meanwhile.
 */
export class SilenceWatch {
  readonly #ticks = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly listener: SilenceListener,
  ) {}

  watch(id: string): void {
    this.#ticks.set(id, 0);
    this.#timer ??= this.clock.after(TICK, () => this.#tick());
  }

  /** It gave a sign of life. One that is not watched is none of our business. */
  heard(id: string): void {
    if (this.#ticks.has(id)) this.#ticks.set(id, 0);
  }

  /** Whether it is watched, and there is no doubt of it. */
  isSure(id: string): boolean {
    return (this.#ticks.get(id) ?? GONE) < DOUBT;
  }

  forget(id: string): void {
    this.#ticks.delete(id);
  }

  stop(): void {
    this.#ticks.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    for (const [id, before] of this.#ticks) {
      const ticks = before + 1;
      this.#ticks.set(id, ticks);
      if (ticks >= GONE) {
        this.#ticks.delete(id);
        this.listener.silent(id);
      } else if (ticks >= DOUBT) {
        this.listener.doubted?.(id);
      }
    }
    if (this.#ticks.size > 0) this.#timer ??= this.clock.after(TICK, () => this.#tick());
  }
}
