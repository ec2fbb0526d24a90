import { randomUUID } from 'node:crypto';
import type { Mutation } from '../store/index.js';
import type { Instant } from '../time/index.js';
import type { Deadline } from './deadline.js';
import type { Fence } from './fence.js';
import { formatSession, sessionRow, type SessionOwner } from '../table/index.js';

/**
 * A member's lease in the store. It is `fresh` until a commit is known to have written its row, then `standing` until
 * its deadline. Once it has `ended`, it never comes back.
 */
export class Session {
  readonly id = randomUUID();
  readonly row: string;
  readonly #fences = new Set<Fence>();
  #state: 'fresh' | 'standing' | 'ended' = 'fresh';
  #acquires = 0;

  constructor(
    group: string,
    readonly owner: SessionOwner,
    private deadline: Deadline,
    private renewedAt: Instant,
  ) {
    this.row = sessionRow(group, this.id);
  }

  /** True while its row may stand and this member may use it. Compares clocks at the call. */
  isUsable(): boolean {
    return this.#state !== 'ended' && !this.deadline.hasPassed();
  }

  /** True while everything it holds is held. Compares clocks at the call (HELD-BY-CLOCK). */
  isStanding(): boolean {
    return this.#state === 'standing' && !this.deadline.hasPassed();
  }

  get isFresh(): boolean {
    return this.#state === 'fresh';
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** ms until its deadline. */
  remaining(): number {
    return this.#state === 'ended' ? 0 : this.deadline.remaining();
  }

  /** When the newest commit left that is known to have written its heartbeat. */
  get lastRenewal(): Instant {
    return this.renewedAt;
  }

  get fences(): ReadonlySet<Fence> {
    return this.#fences;
  }

  /** It holds nothing, and no acquire uses it. */
  get isIdle(): boolean {
    return this.#fences.size === 0 && this.#acquires === 0;
  }

  /** Keeps it alive in the store. The commit fails with NOT_FOUND unless its row stands (RENEW-BY-UPDATE). */
  heartbeat(): Mutation[] {
    const rows = [this.row];
    for (const { heartbeatRow } of this.#fences) if (heartbeatRow) rows.push(heartbeatRow);
    return rows.map((name) => ({ table: 'lock', op: 'update', name, heartbeat: 'now' }));
  }

  /** Begins it in the store: part of an acquire, or of a repeated acquire. */
  beginning(isThere: boolean): Mutation {
    return {
      table: 'lock',
      op: isThere ? 'update' : 'insert',
      name: this.row,
      heartbeat: 'now',
      writer: formatSession(this.owner),
    };
  }

  /** @internal for the keeper */
  stand(): void {
    if (this.#state === 'fresh') this.#state = 'standing';
  }

  /** @internal for the keeper */
  extend(sentAt: Instant, deadline: Deadline): void {
    if (sentAt.monotonic < this.renewedAt.monotonic) return;
    this.renewedAt = sentAt;
    this.deadline = deadline;
  }

  /** @internal for the keeper */
  end(): Fence[] {
    this.#state = 'ended';
    const held = [...this.#fences];
    this.#fences.clear();
    return held;
  }

  /** @internal for the keeper */
  add(fence: Fence): void {
    this.#fences.add(fence);
  }

  /** @internal for the keeper */
  remove(fence: Fence): void {
    this.#fences.delete(fence);
  }

  /** An acquire is under way: nobody may delete the session's row now. */
  beginAcquire(): void {
    this.#acquires++;
  }

  endAcquire(): void {
    this.#acquires--;
  }
}
