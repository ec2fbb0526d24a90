import { onAbort } from '../abort.listeners.js';
import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import type { Caller } from '../messaging/index.js';
import type { LeaderRequest, LeaderRoutes } from '../request/index.js';
import type { Clock } from '../time/index.js';
import type { Answer } from './line.js';
import { LineRegistry } from './line.registry.js';
import {
  FREED,
  LEAVE,
  PATIENCE,
  readPlace,
  readTaken,
  readTicket,
  readWait,
  TAKEN,
  WAIT,
} from './queue.packets.js';

/** While this member leads, it tells those who wait for a lock or a permit whose turn it is. */
export class QueueRoutes implements TermListener {
  #kept: { readonly term: Term; readonly lines: LineRegistry } | undefined;

  constructor(
    private readonly routes: LeaderRoutes,
    private readonly clock: Clock,
    private readonly leaseDuration: number,
  ) {}

  register(): void {
    this.routes.handleUntilTermEnds(WAIT, (request) => this.#wait(request));
    this.routes.handleUntilTermEnds(TAKEN, (request) => {
      const { place, ticket, found } = readTaken(request.data);
      this.#linesOf(request).find(place)?.taken(ticketOf(request.caller, ticket), found);
    });
    this.routes.handleUntilTermEnds(LEAVE, (request) => {
      const { place, ticket } = readTicket(request.data);
      this.#linesOf(request).find(place)?.leave(ticketOf(request.caller, ticket));
    });
    this.routes.handleUntilTermEnds(FREED, (request) => {
      this.#linesOf(request).find(readPlace(request.data))?.freed();
    });
  }

  began(term: Term): void {
    this.#kept = { term, lines: new LineRegistry(this.clock, this.leaseDuration) };
  }

  async ended(): Promise<void> {
    // The term's signal has sent on everybody who waited.
    this.#kept?.lines.close();
    this.#kept = undefined;
  }

  #linesOf({ term }: LeaderRequest): LineRegistry {
    if (this.#kept?.term !== term) throw this.routes.refusal();
    return this.#kept.lines;
  }

  #wait(request: LeaderRequest): Promise<Answer> {
    const { data, caller, term } = request;
    const packet = readWait(data);
    const ticket = ticketOf(caller, packet.ticket);
    const line = this.#linesOf(request).of(packet.place, packet.waited);
    return new Promise((resolve, reject) => {
      const reply = (answer: Answer) => {
        cease();
        resolve(answer);
      };
      const timer = this.clock.after(PATIENCE, () => line.postpone(ticket, reply));
      const unlisten = [
        onAbort(caller.signal, () => {
          cease();
          line.withdraw(ticket, reply);
          reject(caller.signal.reason);
        }),
        onAbort(term.signal, () => {
          cease();
          reject(this.routes.refusal());
        }),
      ];
      function cease(): void {
        timer.cancel();
        for (const ignore of unlisten) ignore();
      }
      line.wait({ ...packet, ticket }, reply);
    });
  }
}

/** No member has to do with another one's tickets. */
function ticketOf({ instanceId }: Caller, ticket: string): string {
  return `${instanceId} ${ticket}`;
}
