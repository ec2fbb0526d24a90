import { Subject } from 'rxjs';
import { HedgeError, NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { waitFor, type Clock, type Timer, type WaitLimits } from '../time/index.js';
import { NO_LEADER } from './leader.messages.js';

/** The leader, as far as this member knows. */
export interface KnownLeader {
  /** The member's id. */
  readonly id: string;
  readonly token: bigint;
}

/**
 * Knows the leader, from the store and from messages. This knowledge expires, and a newer term replaces an older one,
 * never the other way round. Safety never depends on it.
 */
export class LeaderView {
  readonly #changes = new Subject<KnownLeader | undefined>();
  readonly #ending = new Subject<undefined>();
  #isClosed = false;
  #known: KnownLeader | undefined;
  #newest = 0n;
  #newestText = '0';
  #expiresAt = 0;
  /** When this member learnt that the last leader's term had ended, or that there was no leader. */
  #forgottenAt: number | undefined;
  /** The token of the newest leader that fell silent. */
  #silentToken = -1n;

  constructor(private readonly clock: Clock) {}

  /** Emits each leader that becomes known, and `undefined` when the known leader's term has ended. */
  readonly changes = this.#changes.asObservable();

  get current(): KnownLeader | undefined {
    return this.#known && this.remaining() > 0 ? this.#known : undefined;
  }

  /**
   * When the group lost its leader, on the monotonic clock. `undefined` while a member leads, and until the first look.
   */
  get leaderlessSince(): number | undefined {
    if (this.current) return undefined;
    return this.#known ? this.#expiresAt : this.#forgottenAt;
  }

  /** The token of the newest term that this member has heard of, even if it is over. */
  get newestToken(): bigint {
    return this.#newest;
  }

  /** The same, in decimal. */
  get newestTokenText(): string {
    return this.#newestText;
  }

  /** ms until other members may end the leader's session, unless the leader renews it. */
  remaining(): number {
    return this.#expiresAt - this.clock.now().monotonic;
  }

  /** The member does not answer any more, and said no goodbye. */
  silent(id: string): void {
    if (this.#known?.id === id) this.#silentToken = this.#known.token;
  }

  /** Whether the known leader fell silent: its lease has to run out. */
  get isSilent(): boolean {
    return this.current?.token === this.#silentToken;
  }

  /**
   * The store, the leader itself or another member says that this member leads.
   * @param remaining ms for which that counts, at least
   */
  observe(leader: KnownLeader, remaining: number): void {
    if (leader.token < this.#newest) return;
    const expiresAt = this.clock.now().monotonic + remaining;
    if (leader.token === this.#known?.token) {
      const wasKnown = this.current !== undefined;
      this.#expiresAt = Math.max(this.#expiresAt, expiresAt);
      // It was silent for longer than its lease. Callers that wait for a leader wait for this one, too.
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
   * The store shows that this member leads. That overrules messages that arrived before the store was asked: a wrong
   * message must not mislead a member for ever.
   * @param newestBefore {@link newestToken} before the store was asked
   */
  confirm(leader: KnownLeader, remaining: number, newestBefore: bigint): void {
    if (leader.token < this.#newest && this.#newest === newestBefore) this.#newest = leader.token;
    this.observe(leader, remaining);
  }

  /** The term with this token is over, and all older ones are. */
  forget(token: bigint): void {
    if (this.#known && this.#known.token > token) return;
    this.#forgottenAt = this.leaderlessSince ?? this.clock.now().monotonic;
    if (!this.#known) return;
    this.#known = undefined;
    this.#changes.next(undefined);
  }

  /**
   * The leader; waits until one is known whose term is newer than `after`.
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
   * Calls once, when this leader is no longer the known one: superseded, forgotten, or silent for longer than its
   * lease.
   * @returns a function that ends the watch before that
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

  /** This member has shut down: every wait for a leader fails. */
  close(): void {
    this.#isClosed = true;
    this.#ending.next(undefined);
  }
}
