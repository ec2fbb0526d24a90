import { randomInt } from 'node:crypto';
import { TimeLimit, type Clock, type Timer } from '../time/index.js';

/**
 * ms. A new line gives no turn before: those that waited on the last leader come back in this time
 * (ORDER-BY-TIME-WAITED).
 */
export const GATHERING = 250;

/** What a waiter sends to get its turn. */
export interface TurnRequest {
  /** Tells the waiter from all others. */
  readonly ticket: string;
  /** ms since the waiter joined, on this leader or on earlier ones. */
  readonly waited: number;
  /** Of the waiter's last turn, if it had one. */
  readonly finding?: Finding;
}

/** What a waiter found in the store when it had its turn. */
export interface Finding {
  /** The count that came with the turn. */
  readonly releaseCount: number;
  /** ms for which the resource is full, unless a holder gives back. 0: more holders fit. */
  readonly busyFor: number;
}

/**
 * The leader's answer to a {@link TurnRequest}. `take`: acquire now. `look`: read first, a holder may still be in the
 * way. `wait`: ask again; the waiter keeps its position.
 */
export interface Answer {
  readonly turn: 'take' | 'look' | 'wait';
  /** Rises with each release that the line hears of. A finding with a lower count is out of date. */
  readonly releaseCount: number;
}

export type Reply = (answer: Answer) => void;

/** A waiter, as the leader's line knows it. */
interface Position {
  readonly ticket: string;
  /** On the monotonic clock of the leader. */
  readonly arrived: number;
  /** Decides between waiters that arrived at the same moment. */
  readonly order: number;
  /** Answers the waiter's open request. Undefined while no request is open. */
  reply?: Reply;
  /** Removes the waiter if it does not ask again in time. Undefined while a request is open. */
  absence?: Timer;
}

/** A turn that a waiter has now. */
interface CurrentTurn extends Answer {
  readonly position: Position;
  /** The turn lapses at its end (TURN-LAPSES): a waiter that died or hangs must not stop the line. */
  readonly limit: TimeLimit;
}

export interface LineOptions {
  /** ms that a turn lasts. */
  readonly lapse: number;
  /** No turn before its end: earlier waiters of the last leader may still be on their way here. */
  readonly gathering: TimeLimit;
  /** Called when the line has no waiters and no turn. */
  readonly onEmpty: () => void;
}

/**
 * The leader's line for one resource, in the order of arrival (LINE-ON-LEADER). One waiter at a time has the turn. The
 * first waiter gets it when nothing is known to be in the way, after a release, or when the holder in the way should be
 * gone.
 */
export class Line {
  /** By arrival. The waiter that has the turn is not among them. */
  readonly #positions: Position[] = [];
  readonly #byTicket = new Map<string, Position>();
  #turn: CurrentTurn | undefined;
  /** Begins at random, so that a finding of an earlier line does not count here. */
  #releaseCount = randomInt(2 ** 40);
  /** Until its end, a holder is in the way. Undefined: none is known to be. */
  #busy: TimeLimit | undefined;
  #timer: Timer | undefined;
  #lastOrder = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: LineOptions,
  ) {}

  /** A waiter joins, comes back, or asks again. `reply` is called once: with its turn, or to have it ask again. */
  wait({ ticket, waited, finding }: TurnRequest, reply: Reply): void {
    const turn = this.#turn?.position.ticket === ticket ? this.#turn : undefined;
    if (turn && turn.releaseCount !== finding?.releaseCount) {
      // The waiter has the turn and does not know: the answer was lost.
      reply({ turn: turn.turn, releaseCount: turn.releaseCount });
      return;
    }
    if (finding) this.#note(finding);
    // A waiter of an earlier leader waited for a holder. To look for that one is cheaper than to try in vain.
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

  /** Answers an open request with `wait`. The waiter keeps its position, and gets the turn if that comes meanwhile. */
  postpone(ticket: string, reply: Reply): void {
    const position = this.#byTicket.get(ticket);
    if (position?.reply !== reply) return;
    position.absence = this.clock.after(this.options.lapse, () => this.leave(ticket));
    this.#answer(position, 'wait');
  }

  /** The waiter gave up its request. A newer request of the same waiter stays open. */
  withdraw(ticket: string, reply: Reply): void {
    if (this.#byTicket.get(ticket)?.reply === reply) this.leave(ticket);
  }

  /** The waiter has acquired the resource. */
  taken(ticket: string, finding: Finding): void {
    this.#note(finding);
    this.leave(ticket);
  }

  /** The waiter gave up, or has acquired. */
  leave(ticket: string): void {
    if (this.#turn?.position.ticket === ticket) this.#turn = undefined;
    const position = this.#byTicket.get(ticket);
    if (position) this.#answer(this.#remove(this.#positions.indexOf(position)), 'wait');
    this.#advance();
  }

  /** A holder gave the resource back. */
  freed(): void {
    this.#releaseCount++;
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

  /** Ignores an old finding (COUNT-RELEASES): its holder may be the one that has given back since. */
  #note({ releaseCount, busyFor }: Finding): void {
    if (releaseCount !== this.#releaseCount) return;
    this.#busy = busyFor > 0 ? new TimeLimit(this.clock, busyFor) : undefined;
  }

  #answer(position: Position, turn: Answer['turn']): void {
    const { reply } = position;
    position.reply = undefined;
    reply?.({ turn, releaseCount: this.#releaseCount });
  }

  #admit(position: Position): void {
    const known = this.#byTicket.get(position.ticket);
    if (known) {
      // The waiter asks again. If its earlier request is still open, that one is answered, too.
      known.absence?.cancel();
      this.#answer(known, 'wait');
      known.reply = position.reply;
      return;
    }
    // From the end: nearly all waiters belong there.
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
    else this.#giveTurn();
  }

  /** ms. 0: the first waiter may have its turn now. */
  get #untilNextTurn(): number {
    return Math.max(this.options.gathering.left, this.#busy?.left ?? 0);
  }

  #giveTurn(): void {
    const position = this.#remove(0);
    const turn = this.#busy ? 'look' : 'take';
    const limit = new TimeLimit(this.clock, this.options.lapse);
    this.#turn = { position, turn, releaseCount: this.#releaseCount, limit };
    this.#wakeIn(limit.left);
    this.#answer(position, turn);
  }

  #wakeIn(ms: number): void {
    this.#timer = this.clock.after(ms, () => this.#advance());
  }
}

function isBefore(one: Position, other: Position): boolean {
  return one.arrived < other.arrived || (one.arrived === other.arrived && one.order < other.order);
}
