import { randomUUID } from 'node:crypto';
import { abortWith } from '../abort.listeners.js';
import { ABORTED, hasCode, HedgeError } from '../errors/index.js';
import type { LeaderView } from '../leader/index.js';
import type { Place, Waiter } from '../lock/index.js';
import type { LeaderClient } from '../request/index.js';
import { Backoff, TimeLimit, type Clock, type WaitLimits } from '../time/index.js';
import type { Answer, Found } from './line.js';
import type { PendingNotices } from './pending-notices.js';
import { STILL_IN_LINE, STILL_UNLED } from './queue.messages.js';
import {
  LEAVE,
  PATIENCE,
  readAnswer,
  TAKEN,
  WAIT,
  type TakenPacket,
  type TicketPacket,
  type WaitPacket,
} from './queue.packets.js';

type Turn = 'take' | 'look';

/** ms after {@link PATIENCE} in which the leader's answer is due. */
const SLACK = 5_000;
/**
 * ms for which one whose leader fell away waits for the next, rather than to overtake those that do. And while nobody
 * leads the election goes first: contenders that all ask the store at once would have it abort each other, and the
 * candidates.
 */
const GRACE = 1_000;

export interface QueueWaiterParts {
  readonly client: LeaderClient;
  readonly view: LeaderView;
  readonly clock: Clock;
  /** The same waiter where no leader keeps a line. */
  readonly alone: Waiter;
  readonly notices: PendingNotices;
}

/** A waiter in the leader's line, on the member that waits. */
export class QueueWaiter implements Waiter {
  /** Tells this waiter from the others of its member. */
  readonly #ticket = randomUUID();
  readonly #joinedAt: number;
  /** Until this is over, the holder that the last turn met is in the way. */
  #busy: TimeLimit | undefined;
  /** Of the last turn that a leader gave. */
  #mark: number | undefined;
  /** A leader may reckon with it though no request of it is open: it has the turn, or was told to ask again. */
  #isExpected = false;
  /** Until this is over, it does not ask the store on its own. */
  #grace: TimeLimit | undefined;

  constructor(
    private readonly place: Place,
    private readonly parts: QueueWaiterParts,
  ) {
    this.#joinedAt = this.#now;
  }

  async turn({ timeout, signal }: WaitLimits, busyFor?: number): Promise<Turn> {
    const limit = new TimeLimit(this.parts.clock, timeout);
    if (busyFor !== undefined) this.#busy = new TimeLimit(this.parts.clock, busyFor);
    const limits = () => ({ timeout: this.#timeLeft(limit, signal), signal });
    const backoff = new Backoff(50, 1_000);
    for (;;) {
      const turn = (await this.#byLeader(limits)) ?? (await this.#byStore(limits(), backoff));
      if (turn) return turn;
    }
  }

  taken(busyFor: number): void {
    if (this.#mark === undefined) return;
    const packet: TakenPacket = { ...this.#packet, found: { mark: this.#mark, busyFor } };
    this.#tell(TAKEN, packet);
  }

  leave(): void {
    this.#tell(LEAVE, this.#packet);
  }

  get #now(): number {
    return this.parts.clock.now().monotonic;
  }

  get #packet(): TicketPacket {
    return { place: this.place.row, ticket: this.#ticket };
  }

  get #claim(): WaitPacket {
    return { ...this.#packet, waited: this.#now - this.#joinedAt, found: this.#found };
  }

  get #found(): Found | undefined {
    if (this.#mark === undefined || !this.#busy) return undefined;
    return { mark: this.#mark, busyFor: this.#busy.left };
  }

  /** The leader that gave the turn is told what came of it; another one, if it leads by now, finds out by itself. */
  #tell(route: string, packet: TicketPacket): void {
    if (!this.#isExpected) return;
    this.#isExpected = false;
    this.parts.notices.add(this.parts.client.requestCurrent(route, packet, { timeout: SLACK }));
  }

  /** @returns undefined where no leader keeps the line */
  async #byLeader(limits: () => WaitLimits): Promise<Turn | undefined> {
    for (let asked = this.parts.view.current; asked; asked = this.parts.view.current) {
      const askedAt = this.#now;
      const answer = await this.#ask(limits);
      // One that does not even wait is none to be asked again at once.
      const isHasty = answer?.turn === 'wait' && this.#now - askedAt < SLACK / 10;
      if (!answer || isHasty) {
        this.#grace ??= new TimeLimit(this.parts.clock, GRACE);
        const { current } = this.parts.view;
        // The next one gathers those that wait, and not for long.
        if (current && current.token !== asked.token) continue;
        return undefined;
      }
      this.#grace = undefined;
      if (answer.turn === 'wait') continue;
      this.#mark = answer.mark;
      return answer.turn;
    }
    return undefined;
  }

  /** Whatever goes wrong there, the store can be asked without it. */
  async #ask(limits: () => WaitLimits): Promise<Answer | undefined> {
    const { timeout, signal } = limits();
    const asking = this.parts.client.requestCurrent(WAIT, this.#claim, {
      timeout: Math.min(timeout, PATIENCE + SLACK),
      signal,
    });
    // Given up, too: the turn may be on its way, and nobody else would have it before it lapses.
    this.#isExpected = true;
    try {
      const answer = readAnswer(await asking);
      this.#isExpected = answer !== undefined;
      return answer;
    } catch (error) {
      const code = error instanceof HedgeError && error.code;
      if (code === 'NOT_RUNNING') throw error;
      limits();
      // Timers are not in step with the clock: by that, a moment may be left.
      if (code === 'TIMEOUT' && timeout <= PATIENCE + SLACK) throw this.#tooLate();
      return undefined;
    }
  }

  /** @returns undefined once a leader may be asked (again) */
  async #byStore({ timeout, signal }: WaitLimits, backoff: Backoff): Promise<Turn | undefined> {
    const stop = new AbortController();
    const retry = () => stop.abort();
    const unlisten = abortWith(signal, stop);
    const changes = this.parts.view.changes.subscribe((leader) => {
      if (!leader) return;
      backoff.reset();
      retry();
    });
    const timer = this.parts.view.current && this.parts.clock.after(backoff.next(), retry);
    try {
      const turn = await this.parts.alone.turn({ timeout, signal: stop.signal }, this.#busyFor);
      // An election may have begun meanwhile.
      return this.#electionLeft > 0 ? undefined : turn;
    } catch (error) {
      if (stop.signal.aborted && !signal?.aborted) return undefined;
      throw hasCode(error, 'TIMEOUT') ? this.#tooLate() : error;
    } finally {
      timer?.cancel();
      changes.unsubscribe();
      unlisten();
    }
  }

  /** ms until it may ask the store on its own; left out for one that may at once, having found nothing in the way. */
  get #busyFor(): number | undefined {
    if (!this.#busy && !this.#grace && this.#electionLeft === 0) return undefined;
    return Math.max(this.#busy?.left ?? 0, this.#grace?.left ?? 0, this.#electionLeft);
  }

  /** ms for which an election that goes on is waited for. 0: a leader is known, or nobody has been elected for long. */
  get #electionLeft(): number {
    if (this.parts.view.current) return 0;
    const since = this.parts.view.leaderlessSince ?? this.#joinedAt;
    return Math.max(0, since + GRACE - this.#now);
  }

  #timeLeft({ left }: TimeLimit, signal: AbortSignal | undefined): number {
    const { label } = this.place;
    if (signal?.aborted) {
      const { reason } = signal;
      throw new HedgeError('ABORTED', ABORTED(`waiting for ${label}`), { cause: reason });
    }
    if (left > 0) return left;
    throw this.#tooLate();
  }

  #tooLate(): HedgeError {
    const text = this.parts.view.current ? STILL_IN_LINE : STILL_UNLED;
    return new HedgeError('TIMEOUT', text(this.place.label));
  }
}
