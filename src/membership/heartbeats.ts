import type { Caller, MessageServer, Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../session/index.js';

const HEARTBEAT = 'hedge:heartbeat';
const LEADER_NEWS = 'hedge:leader-news';

/** ms; what timers can wait for. News of a longer lease are as good for so long. */
const LONGEST_REMAINING = 2 ** 31 - 1;

/** What a member says of itself and of the leader it knows: the answer to a heartbeat. */
export interface SelfDescription {
  /** Whether the member that answers leads. */
  readonly leads: boolean;
  /** The leader it knows. */
  readonly leader?: string;
  /** The leader's token, in decimal. */
  readonly token?: string;
  /** ms until the leader's session may be ended by others; present when the leader itself answers. */
  readonly remaining?: number;
}

/** What the room above fills in. */
export interface HeartbeatPorts {
  /** Answers a heartbeat. */
  describeSelf(): SelfDescription;
  /** An answer, or news pushed by a leader. */
  heard(from: string, description: SelfDescription): void;
  /** The connection to the member that is followed closed. */
  lost(id: string): void;
}

/** Followers ask the leader for signs of life, and the leader tells those who asked when something changes. */
export class Heartbeats {
  /** Who asked, and when last (monotonic ms). */
  readonly #followers = new Map<string, number>();
  readonly #interval: number;
  #target: string | undefined;
  /** Ends the beats for the target: one that is on its way must not begin anew what was ended meanwhile. */
  #following: AbortController | undefined;
  #stopped = false;

  constructor(
    server: MessageServer,
    private readonly peers: Peers,
    private readonly clock: Clock,
    leaseDuration: number,
    private readonly ports: HeartbeatPorts,
  ) {
    this.#interval = Math.max(100, Math.min(2_000, leaseDuration / 6));
    server.handle(HEARTBEAT, (_data, caller) => this.#answer(caller));
    server.handle(LEADER_NEWS, (data, caller) => this.#receive(caller.id, data));
    peers.onClose((id) => {
      if (id === this.#target) this.ports.lost(id);
    });
  }

  /** Whom to ask from now on; `undefined` for nobody (this member leads, or no leader is known). */
  follow(id: string | undefined): void {
    if (this.#stopped || id === this.#target) return;
    this.#following?.abort();
    this.#target = id;
    if (id === undefined) return;
    this.#following = new AbortController();
    void this.#beat(id, this.#following.signal);
  }

  /** Tells the members that asked lately how things stand now. Resolves when they know, or `timeout` ms later. */
  async tell(timeout: number): Promise<void> {
    const news = this.ports.describeSelf();
    this.#forgetSilent();
    const told = [...this.#followers.keys()].map((id) =>
      this.peers.request(id, LEADER_NEWS, news, { timeout, channel: 'system' }),
    );
    await Promise.allSettled(told);
  }

  stop(): void {
    this.follow(undefined);
    this.#stopped = true;
  }

  #answer(caller: Caller): SelfDescription {
    if (!caller.isSelf) {
      // Always the last one in: the map stays sorted by time.
      this.#followers.delete(caller.id);
      this.#followers.set(caller.id, this.clock.now().monotonic);
      this.#forgetSilent();
    }
    return this.ports.describeSelf();
  }

  /** Addresses change with every restart of a pod: a leader for months would remember them all. */
  #forgetSilent(): void {
    const oldest = this.clock.now().monotonic - 5 * this.#interval;
    for (const [id, heardAt] of this.#followers) {
      if (heardAt >= oldest) return;
      this.#followers.delete(id);
    }
  }

  async #beat(id: string, over: AbortSignal): Promise<void> {
    const options = { timeout: 2 * this.#interval, channel: 'system' } as const;
    while (!over.aborted) {
      try {
        const answer = await this.peers.request(id, HEARTBEAT, undefined, options);
        if (!over.aborted) this.#receive(id, answer);
      } catch {
        // Silence is no news: the leader's expiry was told before, and the store decides. A connection that closed is
        // reported by itself.
      }
      await sleep(this.clock, this.#interval, over);
    }
  }

  #receive(from: string, data: unknown): void {
    if (!isDescription(data)) return;
    const { remaining } = data;
    if (remaining === undefined) this.ports.heard(from, data);
    else this.ports.heard(from, { ...data, remaining: Math.min(remaining, LONGEST_REMAINING) });
  }
}

function isDescription(data: unknown): data is SelfDescription {
  if (typeof data !== 'object' || data === null) return false;
  const { leads, leader, token, remaining } = data as Record<string, unknown>;
  return (
    typeof leads === 'boolean' &&
    (leader === undefined || typeof leader === 'string') &&
    (token === undefined || (typeof token === 'string' && /^\d{1,20}$/.test(token))) &&
    (remaining === undefined || typeof remaining === 'number')
  );
}
