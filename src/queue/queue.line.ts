import { StoreLine, type Place, type WaitingLine } from '../lock/index.js';
import type { LeaderView } from '../leader/index.js';
import type { LeaderClient } from '../request/index.js';
import type { Clock } from '../time/index.js';
import { News } from './news.js';
import { FREED, type PlacePacket } from './queue.packets.js';
import { QueueTicket } from './queue.ticket.js';

/** ms for which a leader is looked for that can be told: a new one has the store looked at by itself. */
const TELLING = 2_000;

/** The line that the leader keeps, as every member joins it. While nobody leads, everybody asks the store. */
export class QueueLine implements WaitingLine {
  readonly #alone: WaitingLine;
  readonly #news = new News();

  constructor(
    private readonly client: LeaderClient,
    private readonly view: LeaderView,
    private readonly clock: Clock,
  ) {
    this.#alone = new StoreLine(clock);
  }

  join(place: Place): QueueTicket {
    const alone = this.#alone.join(place);
    return new QueueTicket(place, this.client, this.view, this.clock, alone, this.#news);
  }

  /** Told twice, late or never it costs a question in vain, or the time until whoever was in the way would be gone. */
  freed({ row }: Place): void {
    const packet: PlacePacket = { place: row };
    this.#news.add(this.client.request(FREED, packet, { timeout: TELLING, idempotent: true }));
  }

  /** Resolves when the leader has heard of all that was given back or up so far, or it is too late for that. */
  told(): Promise<void> {
    return this.#news.told();
  }
}
