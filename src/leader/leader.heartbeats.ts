import { Heartbeats, type SelfDescription } from '../membership/index.js';
import type { MessageServer, Peers } from '../messaging/index.js';
import { remainingForOthers, type Clock } from '../session/index.js';
import type { Election } from './election.js';
import type { LeaderView } from './leader.view.js';

/** Keeps followers informed: who leads, and for how long that is certain. */
export class LeaderHeartbeats {
  readonly #heartbeats: Heartbeats;

  constructor(
    server: MessageServer,
    peers: Peers,
    clock: Clock,
    private readonly id: () => string,
    private readonly leaseDuration: number,
    private readonly election: Election,
    private readonly view: LeaderView,
  ) {
    this.#heartbeats = new Heartbeats(server, peers, clock, leaseDuration, {
      describeSelf: () => this.#describeSelf(),
      heard: (from, description) => this.#heard(from, description),
      lost: () => this.election.lookNow(),
    });
    view.changes.subscribe((leader) => {
      this.#heartbeats.follow(leader?.id === this.id() ? undefined : leader?.id);
    });
  }

  /** Tells the followers how things stand, for `timeout` ms at the most. */
  tell(timeout: number): Promise<void> {
    return this.#heartbeats.tell(timeout);
  }

  stop(): void {
    this.#heartbeats.stop();
  }

  #describeSelf(): SelfDescription {
    const { term } = this.election;
    if (term) {
      const remaining = remainingForOthers(this.leaseDuration, term.session.remaining());
      return { leads: true, leader: this.id(), token: `${term.token}`, remaining };
    }
    const { current } = this.view;
    return current
      ? { leads: false, leader: current.id, token: `${current.token}` }
      : { leads: false };
  }

  #heard(from: string, { leads, leader, token, remaining }: SelfDescription): void {
    if (token !== undefined) this.election.superseded(BigInt(token));
    if (leads && leader !== undefined && token !== undefined && remaining !== undefined) {
      this.view.observe({ id: leader, token: BigInt(token) }, remaining);
    } else if (from === this.view.current?.id) {
      // It does not lead any more, or somebody else has its address.
      this.election.lookNow();
    }
  }
}
