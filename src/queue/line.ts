import { randomInt } from 'node:crypto';
import { TimeLimit, type Clock, type Timer } from '../time/index.js';

/** ms in which those that waited elsewhere come back together: until then nobody gets the turn. */
export const GATHERING = 250;

/** What a waiter says of itself when it asks for its turn. */
export interface Claim {
  readonly ticket: string;
  /** ms since it joined, whoever kept the line then. */
  readonly waited: number;
  /** What its last turn showed, where it had one. */
  readonly found?: Found;
}

/** What a turn at the store showed. */
export interface Found {
  /** As given with that turn. */
  readonly mark: number;
  /** ms for which the place will be in use, unless something of it is given back. */
  readonly busyFor: number;
}

/** `wait`: not yet; the waiter keeps its position, and asks again. */
export interface Answer {
  readonly turn: 'take' | 'look' | 'wait';
  /** Another one with everything that is given back: tells news of the place from what is out of date. */
  readonly mark: number;
}

export type Reply = (answer: Answer) => void;

/** A waiter, as the leader's line knows it. */
interface Position {
  readonly ticket: string;
  readonly arrived: number;
  /** Tells apart those that arrived at the same moment. */
  readonly order: number;
  /** There while its request is open. */
  reply?: Reply;
  /** When it is taken for gone, while no request of it is open. */
  absence?: Timer;
}

interface TurnTaken extends Answer {
  readonly position: Position;
  /** The turn lapses then: a waiter that died, or was stopped, must not keep the others from theirs. */
  readonly limit: TimeLimit;
}

export interface LineOptions {
  /** ms a turn may take. */
  readonly lapse: number;
  /** No turn before this is over: those that came first elsewhere may not have come here yet. */
  readonly gathering: TimeLimit;
  /** Nobody waits here, and nobody has the turn. */
  readonly onEmpty: () => void;
}

/**
 * Who waits for one place, whoever came first in front. One of them at a time has the turn: the first, when nothing is known
 * to be in the way, or something was given back since, or whatever is in the way should be gone.
 */
export class Line {
  /** By arrival. Whoever has the turn is not among them. */
  readonly #positions: Position[] = [];
  readonly #byTicket = new Map<string, Position>();
  #turn: TurnTaken | undefined;
  /** Begins anywhere, so that the marks of lines before this one are not its own. */
  #mark = randomInt(2 ** 40);
  /** Until this is over, something is in the way. Undefined: nothing is known to be. */
  #busy: TimeLimit | undefined;
  #timer: Timer | undefined;
  #lastOrder = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: LineOptions,
  ) {}

  /** Joins, comes back, or asks again: `reply` is called once, when there is something to say. */
  wait({ ticket, waited, found }: Claim, reply: Reply): void {
    const turn = this.#turn?.position.ticket === ticket ? this.#turn : undefined;
    if (turn && turn.mark !== found?.mark) {
      // The answer that gave it the turn was lost.
      reply({ turn: turn.turn, mark: turn.mark });
      return;
    }
    if (found) this.#note(found);
    // Whoever waited elsewhere did so for something in the way: a look is cheaper than to try in vain.
    const { gathering } = this.options;
    if (waited > GATHERING && !gathering.isOver) this.#busy = gathering;
    if (turn) this.#turn = undefined;
    const { arrived, order } = turn?.position ?? {
      arrived: this.#now - waited,
      order: this.#lastOrder++,
    };
    this.#admit({ ticket, arrived, order, reply });
    this.#advance();
  }

  /** Answers an open request that it is not yet its turn. It keeps its place, and gets the turn if that comes meanwhile. */
  postpone(ticket: string, reply: Reply): void {
    const position = this.#byTicket.get(ticket);
    if (position?.reply !== reply) return;
    position.absence = this.clock.after(this.options.lapse, () => this.leave(ticket));
    this.#answer(position, 'wait');
  }

  /** Nobody waits for this reply any more. */
  withdraw(ticket: string, reply: Reply): void {
    if (this.#byTicket.get(ticket)?.reply === reply) this.leave(ticket);
  }

  /** It has what it waited for. */
  taken(ticket: string, found: Found): void {
    this.#note(found);
    this.leave(ticket);
  }

  /** It wants nothing any more. */
  leave(ticket: string): void {
    if (this.#turn?.position.ticket === ticket) this.#turn = undefined;
    const position = this.#byTicket.get(ticket);
    if (position) this.#answer(this.#remove(this.#positions.indexOf(position)), 'wait');
    this.#advance();
  }

  /** Something of the place was given back. */
  freed(): void {
    this.#mark++;
    this.#busy = undefined;
    this.#advance();
  }

  close(): void {
    this.#timer?.cancel();
    for (const { absence } of this.#positions) absence?.cancel();
  }

  get #now(): number {
    return this.clock.now().monotonic;
  }

  /** What was given back since may be just what was in the way then. */
  #note({ mark, busyFor }: Found): void {
    if (mark !== this.#mark) return;
    this.#busy = busyFor > 0 ? new TimeLimit(this.clock, busyFor) : undefined;
  }

  #answer(position: Position, turn: Answer['turn']): void {
    const { reply } = position;
    position.reply = undefined;
    reply?.({ turn, mark: this.#mark });
  }

  #admit(position: Position): void {
    const known = this.#byTicket.get(position.ticket);
    if (known) {
      // Its request was lost on the way, or is open still: then that one has to be answered, too.
      known.absence?.cancel();
      this.#answer(known, 'wait');
      known.reply = position.reply;
      return;
    }
    // From the end, where nearly all of them belong.
    const before = this.#positions.findLastIndex((other) => isBefore(other, position));
    this.#positions.splice(before + 1, 0, position);
    this.#byTicket.set(position.ticket, position);
  }

  #remove(at: number): Position {
    const [position] = this.#positions.splice(at, 1);
    this.#byTicket.delete(position.ticket);
    position.absence?.cancel();
    return position;
  }

  #advance(): void {
    this.#timer?.cancel();
    if (this.#turn?.limit.isOver) this.#turn = undefined;
    const { onEmpty } = this.options;
    if (this.#turn) this.#wakeIn(this.#turn.limit.left);
    else if (this.#positions.length === 0) onEmpty();
    else if (this.#untilNextTurn > 0) this.#wakeIn(this.#untilNextTurn);
    else this.#give();
  }

  /** ms; 0: the first may have its turn now */
  get #untilNextTurn(): number {
    return Math.max(this.options.gathering.left, this.#busy?.left ?? 0);
  }

  #give(): void {
    const position = this.#remove(0);
    const turn = this.#busy ? 'look' : 'take';
    const { lapse } = this.options;
    this.#turn = { position, turn, mark: this.#mark, limit: new TimeLimit(this.clock, lapse) };
    this.#wakeIn(lapse);
    this.#answer(position, turn);
  }

  #wakeIn(ms: number): void {
    this.#timer = this.clock.after(ms, () => this.#advance());
  }
}

function isBefore(one: Position, other: Position): boolean {
  return one.arrived < other.arrived || (one.arrived === other.arrived && one.order < other.order);
}
