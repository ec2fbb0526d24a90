import { onAbort } from '../abort.listeners.js';
import type { TermListener } from '../leader/index.js';
import type { Term } from '../lock/index.js';
import type { Caller } from '../messaging/index.js';
import type { LeaderRequest, LeaderRoutes } from '../request/index.js';
import type { Clock } from '../time/index.js';
import type { Answer } from './line.js';
import { LineRegistry } from './line.registry.js';
import {
  answerPacket,
  FREED,
  LEAVE,
  OPEN_REQUEST_LIMIT,
  readResource,
  readTaken,
  readWaiter,
  readWait,
  TAKEN,
  WAIT,
  type AnswerPacket,
} from './queue.packets.js';

/** While this member leads, it keeps the lines and tells each waiter when it has the turn. */
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
      const { resource, ticket, finding } = readTaken(request.data);
      this.#linesOf(request).find(resource)?.taken(ticketOf(request.caller, ticket), finding);
    });
    this.routes.handleUntilTermEnds(LEAVE, (request) => {
      const { resource, ticket } = readWaiter(request.data);
      this.#linesOf(request).find(resource)?.leave(ticketOf(request.caller, ticket));
    });
    this.routes.handleUntilTermEnds(FREED, (request) => {
      this.#linesOf(request).find(readResource(request.data).resource)?.freed();
    });
  }

  began(term: Term): void {
    this.#kept = { term, lines: new LineRegistry(this.clock, this.leaseDuration) };
  }

  async ended(): Promise<void> {
    // The term's signal has answered the open requests: the waiters ask the next leader.
    this.#kept?.lines.close();
    this.#kept = undefined;
  }

  #linesOf({ term }: LeaderRequest): LineRegistry {
    if (this.#kept?.term !== term) throw this.routes.refusal();
    return this.#kept.lines;
  }

  #wait(request: LeaderRequest): Promise<AnswerPacket> {
    const { data, caller, term } = request;
    const { resource, ...turnRequest } = readWait(data);
    const ticket = ticketOf(caller, turnRequest.ticket);
    const line = this.#linesOf(request).of(resource, turnRequest.waited);
    return new Promise((resolve, reject) => {
      const reply = (answer: Answer) => {
        cease();
        resolve(answerPacket(answer));
      };
      const timer = this.clock.after(OPEN_REQUEST_LIMIT, () => line.postpone(ticket, reply));
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
      line.wait({ ...turnRequest, ticket }, reply);
    });
  }
}

/** A ticket counts for its own member only: no member can speak for the waiters of another. */
function ticketOf({ instanceId }: Caller, ticket: string): string {
  return `${instanceId} ${ticket}`;
}
