import { PeerUnreachableError, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import { HEARTBEAT, readNews, type Heartbeat, type News } from './heartbeat.js';
import { SilenceWatch } from './silence.watch.js';

/** What is done with what a heartbeat brings. */
export interface HeartbeatListener {
  /** What to say with the next one. */
  heartbeat(): Heartbeat;
  answered(by: string, news: News): void;
  /** Nobody is there to answer. Heartbeats go on. */
  refused(id: string): void;
  /** No answer came for too long. Heartbeats go on. */
  silent(id: string): void;
}

/** Signs of life, from a member to the one that keeps the list. */
export class Heartbeats {
  readonly #interval: number;
  readonly #watch: SilenceWatch;
  #target: string | undefined;
  /** Ends the beats for the target: one that is on its way must not begin anew what was ended meanwhile. */
  #following = new AbortController();
  /** Ends the pause before the next beat. */
  #pausing = new AbortController();
  #stopped = false;

  /** @param leaseDuration ms; of a short lease the rest has to be told more often */
  constructor(
    private readonly peers: Peers,
    private readonly clock: Clock,
    leaseDuration: number,
    private readonly listener: HeartbeatListener,
  ) {
    this.#interval = Math.max(100, Math.min(1_000, leaseDuration / 6));
    this.#watch = new SilenceWatch(clock, { silent: (id) => listener.silent(id) });
  }

  get target(): string | undefined {
    return this.#target;
  }

  /** Whether the target answered lately. */
  get isHeard(): boolean {
    return this.#target !== undefined && this.#watch.isSure(this.#target);
  }

  /** Whom to send them to from now on; `undefined` for nobody. */
  follow(id: string | undefined): void {
    if (this.#stopped || id === this.#target) return;
    this.#following.abort();
    this.#pausing.abort();
    this.#watch.stop();
    this.#target = id;
    if (id === undefined) return;
    this.#following = new AbortController();
    this.#watch.watch(id);
    void this.#beat(id, this.#following.signal);
  }

  /** It is known to be gone: its silence tells nothing more, until it speaks again. */
  forget(): void {
    this.#watch.stop();
  }

  /** The next one at once, rather than when it is due. */
  hasten(): void {
    this.#pausing.abort();
  }

  stop(): void {
    this.follow(undefined);
    this.#stopped = true;
  }

  /** One out of turn, which nobody waits for any longer than `timeout` ms. */
  async say(beat: Heartbeat, timeout: number): Promise<void> {
    if (this.#target === undefined) return;
    const options = { timeout, channel: 'system' } as const;
    await this.peers.request(this.#target, HEARTBEAT, beat, options).catch(() => undefined);
  }

  async #beat(id: string, over: AbortSignal): Promise<void> {
    const options = { timeout: 2 * this.#interval, channel: 'system' } as const;
    while (!over.aborted) {
      this.#pausing = new AbortController();
      const pause = this.#pausing.signal;
      const sentAt = this.clock.now().monotonic;
      try {
        const answer = await this.peers.request(id, HEARTBEAT, this.listener.heartbeat(), options);
        if (!over.aborted) this.#receive(id, answer);
      } catch (error) {
        // Else its silence is being counted, and a connection that closed is reported by itself.
        if (error instanceof PeerUnreachableError && !over.aborted) {
          this.listener.refused(id);
        }
      }
      // From when the last one left: after one that was lost the next is due at once.
      const elapsed = this.clock.now().monotonic - sentAt;
      await sleep(this.clock, this.#interval - elapsed, pause);
    }
  }

  #receive(id: string, answer: unknown): void {
    const news = readNews(answer);
    if (!news) return;
    // Anew where its silence has been reported: then it may be again.
    this.#watch.watch(id);
    this.listener.answered(id, news);
  }
}
