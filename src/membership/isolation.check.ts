import { sleep, type Clock } from '../session/index.js';
import type { ListUpdate } from './list.update.js';
import type { MemberInfo } from './member.js';
import type { MemberProber, ProbeAnswer } from './member.prober.js';

/** How many are asked at first: of those a member can hear at all, a few tell. */
const ASKED = 3;

/** So many times as many are asked next, where none of the last answered: a machine takes all its members with it. */
const MORE = 8;

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
 * For a member that does not hear the one that keeps the list: either that one is gone, and then the list stands until
 * the next takes over, or it is itself cut off.
 */
export class IsolationCheck {
  #checking: AbortController | undefined;

  constructor(
    private readonly prober: MemberProber,
    private readonly clock: Clock,
    private readonly listener: IsolationListener,
  ) {}

  /**
   * Until it is stopped.
   * @param isGone the leader is known to be gone: what others say of it right now is older than that
   */
  start(isGone: boolean): void {
    if (this.#checking) return;
    this.#checking = new AbortController();
    void this.#run(isGone, this.#checking.signal);
  }

  stop(): void {
    this.#checking?.abort();
    this.#checking = undefined;
  }

  async #run(isGone: boolean, stop: AbortSignal): Promise<void> {
    // Whoever was refused a connection is not cut off from who refused it. And all that lose a leader at the same moment
    // have enough to do: a busy member may not answer in time.
    if (isGone) await sleep(this.clock, INTERVAL, stop);
    while (!stop.aborted) {
      const others = this.listener.others();
      const answers = await this.#ask(others, stop);
      if (stop.aborted) return;
      if (others.length > 0 && answers.length === 0) this.listener.isolated();
      // Those that are behind are not believed.
      for (const { members } of answers) if (members) this.listener.told(members);
      await sleep(this.clock, INTERVAL, stop);
    }
  }

  /** @returns what the first of them said who said anything; nothing when nobody did */
  async #ask(members: readonly MemberInfo[], stop: AbortSignal): Promise<ProbeAnswer[]> {
    for (let from = 0, count = ASKED; from < members.length; from += count, count *= MORE) {
      const asked = members.slice(from, from + count);
      const replies = await Promise.allSettled(asked.map(({ id }) => this.prober.ask(id, true)));
      const answers = replies.flatMap((reply) =>
        reply.status === 'fulfilled' && reply.value ? [reply.value] : [],
      );
      if (answers.length > 0 || stop.aborted) return answers;
    }
    return [];
  }
}
