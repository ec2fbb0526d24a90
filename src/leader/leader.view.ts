import { Subject } from 'rxjs';
import { HedgeError, NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { waitFor, type Clock, type Timer, type WaitLimits } from '../time/index.js';
import { NO_LEADER } from './leader.messages.js';

/** Who leads, as far as this member knows. */
export interface KnownLeader {
  /** The member's id. */
  readonly id: string;
  readonly token: bigint;
}

/**
 * What this member knows of the leader, by the store or by messages. Knowledge has an expiry, and newer terms
 * replace older ones, never the other way round. Safety never rests on it.
 */
export class LeaderView {
  readonly #changes = new Subject<KnownLeader | undefined>();
  readonly #ending = new Subject<undefined>();
  #isClosed = false;
  #known: KnownLeader | undefined;
  #newest = 0n;
  #newestText = '0';
  #expiresAt = 0;
  /** When it became known that the last leader had ended, or that there was none. */
  #forgottenAt: number | undefined;
  /** The token of the newest leader that fell silent. */
  #silent = -1n;

  constructor(private readonly clock: Clock) {}

  /** Each leader that becomes known, and `undefined` when the last one known has ended. */
  readonly changes = this.#changes.asObservable();

  get current(): KnownLeader | undefined {
    return this.#known && this.remaining() > 0 ? this.#known : undefined;
  }

  /** Since when nobody leads, by the monotonic clock. `undefined` while somebody does, and before anybody has told. */
  get leaderlessSince(): number | undefined {
    if (this.current) return undefined;
    return this.#known ? this.#expiresAt : this.#forgottenAt;
  }

  /** The token of the newest term anybody told of, over or not. */
  get newestToken(): bigint {
    return this.#newest;
  }

  /** The same, in decimal. */
  get newestTokenText(): string {
    return this.#newestText;
  }

  /** ms until the leader's session may be ended by others, unless it is renewed. */
  remaining(): number {
    return this.#expiresAt - this.clock.now().monotonic;
  }

  /** This member does not answer any more. It said no goodbye. */
  silent(id: string): void {
    if (this.#known?.id === id) this.#silent = this.#known.token;
  }

  /** Whether the leader that is known fell silent: its lease has to run out. */
  get isSilent(): boolean {
    return this.current?.token === this.#silent;
  }

  /** Somebody who should know says that this member leads, for so many ms at least. */
  observe(leader: KnownLeader, remaining: number): void {
    if (leader.token < this.#newest) return;
    const expiresAt = this.clock.now().monotonic + remaining;
    if (leader.token === this.#known?.token) {
      const wasKnown = this.current !== undefined;
      this.#expiresAt = Math.max(this.#expiresAt, expiresAt);
      // After silence for longer than its lease: whoever waits for a leader waits for this one, too.
      if (!wasKnown) this.#changes.next(leader);
      return;
    }
    this.#forgottenAt = undefined;
    this.#newest = leader.token;
    this.#newestText = `${leader.token}`;
    this.#known = leader;
    this.#expiresAt = expiresAt;
    this.#changes.next(leader);
  }

  /**
   * What the store itself shows counts for more than what anybody said before it was asked (`newestBefore`): one wrong
   * message must not blind a member for ever.
   */
  confirm(leader: KnownLeader, remaining: number, newestBefore: bigint): void {
    if (leader.token < this.#newest && this.#newest === newestBefore) this.#newest = leader.token;
    this.observe(leader, remaining);
  }

  /** This term, or an older one, is over. */
  forget(token: bigint): void {
    if (this.#known && this.#known.token > token) return;
    this.#forgottenAt = this.leaderlessSince ?? this.clock.now().monotonic;
    if (!this.#known) return;
    this.#known = undefined;
    this.#changes.next(undefined);
  }

  /**
   * The leader, once one is known whose term is newer than `after`.
   * @throws HedgeError `NO_LEADER`, `ABORTED`, `NOT_RUNNING`
   */
  async known(wait: WaitLimits, after = -1n): Promise<KnownLeader> {
    const { current } = this;
    if (current && current.token > after) return current;
    if (this.#isClosed) throw new HedgeError('NOT_RUNNING', NOT_RUNNING_ANY_MORE);
    const known = await waitFor<KnownLeader | undefined>(
      this.clock,
      wait,
      'waiting for a leader',
      (done) => {
        const subscription = this.changes.subscribe((leader) => {
          if (leader && leader.token > after) done(leader);
        });
        subscription.add(this.#ending.subscribe(done));
        return () => subscription.unsubscribe();
      },
      () => new HedgeError('NO_LEADER', NO_LEADER(wait.timeout)),
    );
    if (!known) throw new HedgeError('NOT_RUNNING', NOT_RUNNING_ANY_MORE);
    return known;
  }

  /**
   * Calls once, when this leader is not the one that is known any more: superseded, forgotten, or silent for longer than
   * its lease.
   * @returns what ends the watch before
   */
  whenOver({ token }: KnownLeader, call: () => void): () => void {
    let timer: Timer | undefined;
    const look = () => {
      timer?.cancel();
      if (this.current?.token === token) {
        timer = this.clock.after(Math.max(1, this.remaining()), look);
        return;
      }
      changes.unsubscribe();
      call();
    };
    const changes = this.#changes.subscribe(look);
    look();
    return () => {
      timer?.cancel();
      changes.unsubscribe();
    };
  }

  /** The member has shut down: whoever waits for a leader waits in vain. */
  close(): void {
    this.#isClosed = true;
    this.#ending.next(undefined);
  }
}
