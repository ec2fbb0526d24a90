import type { Caller, MessageServer, Peers } from '../messaging/index.js';
import type { Clock, Timer } from '../session/index.js';

const HEARTBEAT = 'hedge:heartbeat';
const LEADER_NEWS = 'hedge:leader-news';

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
  #timer: Timer | undefined;
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
    if (id === this.#target) return;
    this.#target = id;
    this.#timer?.cancel();
    if (id !== undefined) void this.#beat(id);
  }

  /** Tells the members that asked lately how things stand now. Resolves when they know, or `timeout` ms later. */
  async tell(timeout: number): Promise<void> {
    const news = this.ports.describeSelf();
    const oldest = this.clock.now().monotonic - 5 * this.#interval;
    const live = [...this.#followers].filter(([, heardAt]) => heardAt >= oldest);
    const told = live.map(([id]) =>
      this.peers.request(id, LEADER_NEWS, news, { timeout, channel: 'system' }),
    );
    await Promise.allSettled(told);
  }

  stop(): void {
    this.#stopped = true;
    this.follow(undefined);
  }

  #answer(caller: Caller): SelfDescription {
    if (!caller.isSelf) this.#followers.set(caller.id, this.clock.now().monotonic);
    return this.ports.describeSelf();
  }

  async #beat(id: string): Promise<void> {
    try {
      const options = { timeout: 2 * this.#interval, channel: 'system' } as const;
      const answer = await this.peers.request(id, HEARTBEAT, undefined, options);
      if (this.#target === id) this.#receive(id, answer);
    } catch {
      // Silence is no news: the leader's expiry was told before, and the store decides. A connection that closed is
      // reported by itself.
    }
    if (this.#target !== id || this.#stopped) return;
    this.#timer = this.clock.after(this.#interval, () => void this.#beat(id));
  }

  #receive(from: string, data: unknown): void {
    if (isDescription(data)) this.ports.heard(from, data);
  }
}

function isDescription(data: unknown): data is SelfDescription {
  if (typeof data !== 'object' || data === null) return false;
  const { leads, leader, token, remaining } = data as Record<string, unknown>;
  return (
    typeof leads === 'boolean' &&
    (leader === undefined || typeof leader === 'string') &&
    (token === undefined || (typeof token === 'string' && /^\d{1,20}$/.test(token))) &&
    (remaining === undefined || (typeof remaining === 'number' && remaining < 86_400_000))
  );
}
