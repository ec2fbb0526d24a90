import { sleep, type Clock } from '../time/index.js';
import type { ListUpdate } from './list.update.js';
import type { MemberInfo } from './member.info.js';
import type { MemberProber, ProbeAnswer } from './member.prober.js';

/**
 * Members asked in a round. Few, and others in the next round: when a leader hangs, all its followers ask at once. A
 * member that hears nothing because all are overloaded must not add to their load.
 */
const ASKED_PER_ROUND = 3;

/** Rounds without any answer after which this member counts as cut off. */
const SILENT_ROUNDS = 2;

/** ms */
const PAUSE_BETWEEN_ROUNDS = 4_000;

/** Says which members to ask, and hears what the check finds. */
export interface IsolationListener {
  /** The members to ask, in this order. */
  others(): readonly MemberInfo[];
  /** A member that still hears the list keeper told its list. */
  told(update: ListUpdate): void;
  /** No member answered: this member is cut off. */
  isolated(): void;
}

/**
 * Runs while this member does not hear the list keeper. Either the keeper hangs, and the list stands until the next one
 * takes over; or this member is cut off. (A keeper that refuses connections is neither: it is gone, and the network
 * works.)
 */
export class IsolationCheck {
  #checking: AbortController | undefined;

  constructor(
    private readonly prober: MemberProber,
    private readonly clock: Clock,
    private readonly listener: IsolationListener,
  ) {}

  /** Checks again and again, until it is stopped. */
  start(): void {
    if (this.#checking) return;
    this.#checking = new AbortController();
    void this.#run(this.#checking.signal);
  }

  stop(): void {
    this.#checking?.abort();
    this.#checking = undefined;
  }

  async #run(stop: AbortSignal): Promise<void> {
    let silent = 0;
    for (let from = 0; !stop.aborted; from += ASKED_PER_ROUND) {
      const others = this.listener.others();
      const answers = await this.#ask(others, from);
      if (stop.aborted) return;
      silent = answers.length > 0 || others.length === 0 ? 0 : silent + 1;
      const told = answers.find(({ members }) => members)?.members;
      if (told) this.listener.told(told);
      if (silent === SILENT_ROUNDS) this.listener.isolated();
      // No pause after a silent round: it has taken the time that the others had to answer.
      if (silent > 0 && silent < SILENT_ROUNDS) continue;
      await sleep(this.clock, PAUSE_BETWEEN_ROUNDS, stop);
    }
  }

  /** @returns the answers that came */
  async #ask(members: readonly MemberInfo[], from: number): Promise<ProbeAnswer[]> {
    const asked = new Set<MemberInfo>();
    for (let at = from; at < from + Math.min(ASKED_PER_ROUND, members.length); at++) {
      asked.add(members[at % members.length]);
    }
    const replies = await Promise.allSettled([...asked].map(({ id }) => this.prober.ask(id, true)));
    return replies.flatMap((reply) =>
      reply.status === 'fulfilled' && reply.value ? [reply.value] : [],
    );
  }
}
