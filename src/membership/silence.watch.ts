import type { Clock, Timer } from '../time/index.js';

/** ms */
const TICK = 500;

/** Ticks of silence after which a member should be asked for a sign of life. */
const TICKS_BEFORE_DOUBT = 3;

/**
 * Ticks of silence after which a member counts as gone: 4 s, so that a pause of 2 s after a heartbeat removes no
 * member.
 */
const TICKS_BEFORE_GONE = 8;

/** Hears of members that are silent. */
export interface SilenceListener {
  /** Called on each tick from {@link TICKS_BEFORE_DOUBT} on. */
  doubted?(id: string): void;
  /** Called once: the watch has forgotten the member. */
  silent(id: string): void;
}

/**
 * Counts how long members have been silent, in ticks of a timer (SILENCE-IN-TICKS). A time that this process itself
 * slept through counts as one tick, whatever the clocks say: the members may well have spoken meanwhile.
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

  /** The member gave a sign of life. A member that is not watched stays so. */
  heard(id: string): void {
    if (this.#ticks.has(id)) this.#ticks.set(id, 0);
  }

  /** Whether the member is watched, and was heard lately. */
  isSure(id: string): boolean {
    return (this.#ticks.get(id) ?? TICKS_BEFORE_GONE) < TICKS_BEFORE_DOUBT;
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
      if (ticks >= TICKS_BEFORE_GONE) {
        this.#ticks.delete(id);
        this.listener.silent(id);
      } else if (ticks >= TICKS_BEFORE_DOUBT) {
        this.listener.doubted?.(id);
      }
    }
    if (this.#ticks.size > 0) this.#timer ??= this.clock.after(TICK, () => this.#tick());
  }
}
