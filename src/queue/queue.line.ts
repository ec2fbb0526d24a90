import { StoreLine, type Resource, type WaitingLine } from '../lock/index.js';
import type { LeaderView } from '../leader/index.js';
import type { LeaderClient } from '../request/index.js';
import type { Clock } from '../time/index.js';
import { PendingNotices } from './pending-notices.js';
import { FREED, type ResourcePacket } from './queue.packets.js';
import { QueueWaiter } from './queue.waiter.js';

/** ms. A leader that is elected later needs no notice: its first waiter looks into the store. */
const FREED_NOTICE_LIMIT = 2_000;

/** Joins the lines that the leader keeps. While there is no leader, each waiter asks the store on its own. */
export class QueueLine implements WaitingLine {
  readonly #alone: WaitingLine;
  readonly #notices = new PendingNotices();

  constructor(
    private readonly client: LeaderClient,
    private readonly view: LeaderView,
    private readonly clock: Clock,
  ) {
    this.#alone = new StoreLine(clock);
  }

  join(resource: Resource): QueueWaiter {
    const { client, view, clock } = this;
    const alone = this.#alone.join(resource);
    return new QueueWaiter(resource, { client, view, clock, alone, notices: this.#notices });
  }

  /**
   * A notice that comes twice or late costs one request in vain. If it is lost, the next waiter looks at the lease's
   * end.
   */
  freed({ row }: Resource): void {
    const packet: ResourcePacket = { place: row };
    this.#notices.add(
      this.client.request(FREED, packet, { timeout: FREED_NOTICE_LIMIT, idempotent: true }),
    );
  }

  /** Resolves when each notice so far has reached a leader or was given up. */
  noticesSettled(): Promise<void> {
    return this.#notices.settled();
  }
}
