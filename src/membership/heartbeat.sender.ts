import { PeerUnreachableError, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import {
  HEARTBEAT,
  readAnnouncement,
  type Announcement,
  type Heartbeat,
} from './membership.protocol.js';
import { SilenceWatch } from './silence.watch.js';

/** Says what goes into heartbeats, and hears what comes of them. */
export interface HeartbeatListener {
  /** The next heartbeat. */
  heartbeat(): Heartbeat;
  answered(by: string, announcement: Announcement): void;
  /** Nothing listens at the target. Heartbeats go on. */
  refused(id: string): void;
  /** The target has not answered for too long. Heartbeats go on. */
  silent(id: string): void;
}

/** Sends heartbeats from a member to the member that keeps the list: its target. */
export class HeartbeatSender {
  readonly #interval: number;
  readonly #watch: SilenceWatch;
  #target: string | undefined;
  /** Ends the heartbeats to the target: an answer under way must not restart what has ended since. */
  #following = new AbortController();
  /** Ends the pause before the next heartbeat. */
  #pausing = new AbortController();
  #stopped = false;

  /** @param leaseDuration ms; the rest of a short lease has to be told more often */
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

  /** Sends heartbeats to this member from now on; `undefined`: to none. */
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

  /** The target is known to be gone: its silence says nothing more, until it answers again. */
  forget(): void {
    this.#watch.stop();
  }

  /** Sends the next heartbeat now, not when it is due. */
  hasten(): void {
    this.#pausing.abort();
  }

  stop(): void {
    this.follow(undefined);
    this.#stopped = true;
  }

  /** Sends this heartbeat out of turn. Resolves when it is answered or lost, at most `timeout` ms later. */
  async sendOnce(heartbeat: Heartbeat, timeout: number): Promise<void> {
    if (this.#target === undefined) return;
    const options = { timeout, channel: 'system' } as const;
    await this.peers.request(this.#target, HEARTBEAT, heartbeat, options).catch(() => undefined);
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
        // Other failures need nothing here: the watch counts the silence, and peers report closed connections.
        if (error instanceof PeerUnreachableError && !over.aborted) {
          this.listener.refused(id);
        }
      }
      // Counted from when the last heartbeat left: after a lost one, the next is due at once.
      const elapsed = this.clock.now().monotonic - sentAt;
      await sleep(this.clock, this.#interval - elapsed, pause);
    }
  }

  #receive(id: string, answer: unknown): void {
    const announcement = readAnnouncement(answer);
    if (!announcement) return;
    // Also begins the watch again after it reported the target's silence.
    this.#watch.watch(id);
    this.listener.answered(id, announcement);
  }
}
