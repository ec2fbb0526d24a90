import { randomUUID } from 'node:crypto';
import { abortWith } from '../abort.listeners.js';
import { ABORTED, hasCode, HedgeError } from '../errors/index.js';
import type { LeaderView } from '../leader/index.js';
import type { Resource, Waiter } from '../lock/index.js';
import type { LeaderClient } from '../request/index.js';
import { Backoff, TimeLimit, type Clock, type WaitLimits } from '../time/index.js';
import type { Answer, Finding } from './line.js';
import type { PendingNotices } from './pending-notices.js';
import { STILL_IN_LINE, STILL_UNLED } from './queue.messages.js';
import {
  findingPacket,
  LEAVE,
  OPEN_REQUEST_LIMIT,
  readAnswer,
  TAKEN,
  WAIT,
  type TakenPacket,
  type TicketPacket,
  type WaitPacket,
} from './queue.packets.js';
import { StorePause } from './store.pause.js';

type Turn = 'take' | 'look';

/** ms that a packet and its answer may take on their way. */
const TRAVEL_LIMIT = 5_000;
/**
 * ms. A leader that answers "wait" sooner than this does not keep the line: to ask it again at once would be a loop.
 */
const HASTY_ANSWER = 500;

export interface QueueWaiterParts {
  readonly client: LeaderClient;
  readonly view: LeaderView;
  readonly clock: Clock;
  /** The same waiter where no leader keeps a line. */
  readonly alone: Waiter;
  readonly notices: PendingNotices;
}

/**
 * A waiter, on the member that waits. `turn()` leads from any state to `HasTurn`; an error ends in `Left`.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> InLine: a leader is known
 *   [*] --> Alone: no leader is known
 *   InLine --> InLine: the leader says "wait", or the next leader is known
 *   InLine --> HasTurn: the leader says "take" or "look"
 *   InLine --> Alone: no leader keeps the line
 *   Alone --> InLine: a leader is known, or may answer again
 *   Alone --> HasTurn: the pause is over
 *   HasTurn --> InLine: the resource is full, a leader is known
 *   HasTurn --> Alone: the resource is full, no leader is known
 *   HasTurn --> Taken: taken()
 *   InLine --> Left: TIMEOUT, ABORTED, leave()
 *   Alone --> Left: TIMEOUT, ABORTED, leave()
 *   HasTurn --> Left: leave()
 *   Taken --> [*]
 *   Left --> [*]
 * ```
 */
export class QueueWaiter implements Waiter {
  /** Tells this waiter from the others of its member. */
  readonly #ticket = randomUUID();
  readonly #joinedAt: number;
  readonly #pause: StorePause;
  /** Came with the last turn that a leader gave. */
  #releaseCount: number | undefined;
  /** A leader may keep a position or a turn for this waiter, so it is told when the waiter needs none. */
  #isExpected = false;

  constructor(
    private readonly resource: Resource,
    private readonly parts: QueueWaiterParts,
  ) {
    const { view, clock } = parts;
    this.#joinedAt = this.#now;
    this.#pause = new StorePause(view, clock);
  }

  async turn({ timeout, signal }: WaitLimits, busyFor?: number): Promise<Turn> {
    const limit = new TimeLimit(this.parts.clock, timeout);
    if (busyFor !== undefined) this.#pause.metHolder(busyFor);
    const limits = () => ({ timeout: this.#timeLeft(limit, signal), signal });
    const backoff = new Backoff(50, 1_000);
    for (;;) {
      const turn = (await this.#byLeader(limits)) ?? (await this.#byStore(limits(), backoff));
      if (turn) return turn;
    }
  }

  taken(busyFor: number): void {
    if (this.#releaseCount === undefined) return;
    const found = findingPacket({ releaseCount: this.#releaseCount, busyFor });
    const packet: TakenPacket = { ...this.#packet, found };
    this.#tell(TAKEN, packet);
  }

  leave(): void {
    this.#tell(LEAVE, this.#packet);
  }

  get #now(): number {
    return this.parts.clock.now().monotonic;
  }

  get #packet(): TicketPacket {
    return { place: this.resource.row, ticket: this.#ticket };
  }

  get #waitPacket(): WaitPacket {
    const finding = this.#finding;
    const found = finding && findingPacket(finding);
    return { ...this.#packet, waited: this.#now - this.#joinedAt, found };
  }

  /** What the last turn found. Undefined if it found no holder, or if no leader gave it. */
  get #finding(): Finding | undefined {
    const releaseCount = this.#releaseCount;
    const busyFor = this.#pause.holderLeft;
    if (releaseCount === undefined || busyFor === undefined) return undefined;
    return { releaseCount, busyFor };
  }

  /** Tells the current leader. A leader that did not give the turn knows no waiter with this ticket. */
  #tell(route: string, packet: TicketPacket): void {
    if (!this.#isExpected) return;
    this.#isExpected = false;
    const { client, notices } = this.parts;
    notices.add(client.requestCurrent(route, packet, { timeout: TRAVEL_LIMIT }));
  }

  /** @returns undefined if no leader keeps the line */
  async #byLeader(limits: () => WaitLimits): Promise<Turn | undefined> {
    const { view } = this.parts;
    for (let asked = view.current; asked; asked = view.current) {
      const askedAt = this.#now;
      const answer = await this.#ask(limits);
      const isHasty = answer?.turn === 'wait' && this.#now - askedAt < HASTY_ANSWER;
      if (!answer || isHasty) {
        this.#pause.beginGrace();
        const { current } = view;
        // The next leader gathers the waiters, but only for a moment.
        if (current && current.token !== asked.token) continue;
        return undefined;
      }
      this.#pause.endGrace();
      if (answer.turn === 'wait') continue;
      this.#releaseCount = answer.releaseCount;
      return answer.turn;
    }
    return undefined;
  }

  /** @returns undefined if the leader gave no answer: the waiter can ask the store without it */
  async #ask(limits: () => WaitLimits): Promise<Answer | undefined> {
    const { timeout, signal } = limits();
    const longest = OPEN_REQUEST_LIMIT + TRAVEL_LIMIT;
    const asking = this.parts.client.requestCurrent(WAIT, this.#waitPacket, {
      timeout: Math.min(timeout, longest),
      signal,
    });
    // Also if the request fails: the turn may be on its way, and the line would stop until it lapses.
    this.#isExpected = true;
    try {
      const answer = readAnswer(await asking);
      this.#isExpected = answer !== undefined;
      return answer;
    } catch (error) {
      if (hasCode(error, 'NOT_RUNNING')) throw error;
      limits();
      // The timer may fire before the clock says so: then limits() does not throw.
      if (hasCode(error, 'TIMEOUT') && timeout <= longest) throw this.#tooLate();
      return undefined;
    }
  }

  /** @returns undefined when a leader may be asked again */
  async #byStore({ timeout, signal }: WaitLimits, backoff: Backoff): Promise<Turn | undefined> {
    const { alone, clock, view } = this.parts;
    const stop = new AbortController();
    const retry = () => stop.abort();
    const unlisten = abortWith(signal, stop);
    const changes = view.changes.subscribe((leader) => {
      if (!leader) return;
      backoff.reset();
      retry();
    });
    const timer = view.current && clock.after(backoff.next(), retry);
    try {
      const turn = await alone.turn({ timeout, signal: stop.signal }, this.#pause.left);
      // An election may have begun meanwhile.
      return this.#pause.electionLeft > 0 ? undefined : turn;
    } catch (error) {
      if (stop.signal.aborted && !signal?.aborted) return undefined;
      throw hasCode(error, 'TIMEOUT') ? this.#tooLate() : error;
    } finally {
      timer?.cancel();
      changes.unsubscribe();
      unlisten();
    }
  }

  /** ms, above 0 */
  #timeLeft({ left }: TimeLimit, signal: AbortSignal | undefined): number {
    const { label } = this.resource;
    if (signal?.aborted) {
      const { reason } = signal;
      throw new HedgeError('ABORTED', ABORTED(`waiting for ${label}`), { cause: reason });
    }
    if (left > 0) return left;
    throw this.#tooLate();
  }

  #tooLate(): HedgeError {
    const text = this.parts.view.current ? STILL_IN_LINE : STILL_UNLED;
    return new HedgeError('TIMEOUT', text(this.resource.label));
  }
}
