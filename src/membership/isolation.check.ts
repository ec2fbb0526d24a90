import { sleep, type Clock } from '../time/index.js';
import type { ListUpdate } from './list.update.js';
import type { MemberInfo } from './member.js';
import type { MemberProber, ProbeAnswer } from './member.prober.js';

/**
 * How many are asked at a time. Few, and others the next time: when a leader hangs, all its followers ask at once, and one
 * that hears nothing because they all have too much to do must not ask for more.
 */
const ASKED = 3;

/** So many times without any answer. */
const ROUNDS = 2;

/** ms */
const INTERVAL = 4_000;

/** What follows from the check. */
export interface IsolationListener {
  /** Whom to ask, in this order. */
  others(): readonly MemberInfo[];
  /** A member that still hears the leader says who is there. */
  told(update: ListUpdate): void;
  /** Nobody answered: it is this member that is cut off. */
  isolated(): void;
}

/**
 * For a member to which the one that keeps the list is silent: either that one hangs, and then the list stands until the
 * next takes over, or it is itself cut off. (One that refuses to connect is neither: it is gone, and the network works.)
 */
export class IsolationCheck {
  #checking: AbortController | undefined;

  constructor(
    private readonly prober: MemberProber,
    private readonly clock: Clock,
    private readonly listener: IsolationListener,
  ) {}

  /** Until it is stopped. */
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
    for (let from = 0; !stop.aborted; from += ASKED) {
      const others = this.listener.others();
      const answers = await this.#ask(others, from);
      if (stop.aborted) return;
      silent = answers.length > 0 || others.length === 0 ? 0 : silent + 1;
      const told = answers.find(({ members }) => members)?.members;
      if (told) this.listener.told(told);
      if (silent === ROUNDS) this.listener.isolated();
      // No time to lose between two silent rounds: each took as long as the others had to answer.
      if (silent > 0 && silent < ROUNDS) continue;
      await sleep(this.clock, INTERVAL, stop);
    }
  }

  /** @returns what those said who said anything */
  async #ask(members: readonly MemberInfo[], from: number): Promise<ProbeAnswer[]> {
    const asked = new Set<MemberInfo>();
    for (let at = from; at < from + Math.min(ASKED, members.length); at++) {
      asked.add(members[at % members.length]);
    }
    const replies = await Promise.allSettled([...asked].map(({ id }) => this.prober.ask(id, true)));
    return replies.flatMap((reply) =>
      reply.status === 'fulfilled' && reply.value ? [reply.value] : [],
    );
  }
}
