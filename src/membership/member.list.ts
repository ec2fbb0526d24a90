import { createHash } from 'node:crypto';
import { Subject } from 'rxjs';
import { byAge, type ListChange, type MemberInfo } from './member.info.js';

/** Behind every candidate of even a large group. */
const UNTOLD_RANK = 255;

/** A member that fell silent; without `instanceId`: any process at that address. */
export type SilentMember = Pick<MemberInfo, 'id'> & Partial<MemberInfo>;

/** The members of the group, as far as this member knows. Once it listens, it is always on its own list. */
export class MemberList {
  readonly #members = new Map<string, MemberInfo>();
  readonly #changes = new Subject<ListChange>();
  readonly #silent = new Subject<SilentMember>();
  /** Members out of sight: this member found itself cut off from them. */
  readonly #outOfSight = new Map<string, MemberInfo>();
  #selfId = '';
  /** Sorted when asked for: the leader of a large group asks hundreds of times between two changes. */
  #sorted: readonly MemberInfo[] | undefined;
  #digest: string | undefined;
  /** Whether the list keeper has told this member the list. */
  #isTold = false;

  readonly changes = this.#changes.asObservable();
  /** Members that this member found silent for too long, or gone. A goodbye does not count. */
  readonly silent = this.#silent.asObservable();

  /** Lists this member itself. Nothing that another member says takes it off again. */
  enter(self: MemberInfo): void {
    this.#selfId = self.id;
    this.#members.set(self.id, self);
    this.#forgetOrder();
  }

  /** The oldest first. */
  get all(): readonly MemberInfo[] {
    return (this.#sorted ??= [...this.#members.values()].toSorted(byAge));
  }

  /** Equal for equal lists: a member with the same digest need not be told the list. */
  get digest(): string {
    const text = () => this.all.map(({ id, instanceId }) => `${id} ${instanceId}`).join('\n');
    return (this.#digest ??= createHash('sha256').update(text()).digest('base64url').slice(0, 22));
  }

  /** All but this member, the oldest first. */
  get others(): MemberInfo[] {
    return this.all.filter(({ id }) => id !== this.#selfId);
  }

  /** All but this member, beginning with the next younger: each member begins with a different one. */
  get successors(): MemberInfo[] {
    const self = this.all.findIndex(({ id }) => id === this.#selfId);
    return [...this.all.slice(self + 1), ...this.all.slice(0, self)];
  }

  get(id: string): MemberInfo | undefined {
    return this.#members.get(id);
  }

  /**
   * How many candidates come before this member. The younger ones do: in a rolling update leadership then passes to a
   * member that stays. Members out of sight count, as they see each other; `gone` does not. A member that was never
   * told the list comes last, as it could not keep it well.
   */
  rank(gone?: string): number {
    const self = this.#members.get(this.#selfId);
    if (!self || !this.#isTold) return UNTOLD_RANK;
    const isBefore = (other: MemberInfo) =>
      other.candidate && other.id !== gone && byAge(self, other) < 0;
    const known = [...this.all, ...this.#outOfSight.values()];
    return known.filter((other) => other.id !== self.id && isBefore(other)).length;
  }

  add(member: MemberInfo): void {
    this.apply([member], []);
  }

  remove(...ids: string[]): void {
    this.apply([], ids);
  }

  /** These members do not answer any more. */
  lose(...ids: string[]): void {
    const gone = ids.map((id) => this.#members.get(id) ?? { id });
    this.apply([], ids);
    for (const member of gone) this.#silent.next(member);
  }

  /** No other member answers: this member is cut off, also from the list keeper that it lost before. */
  isolate(silentKeeper: MemberInfo | undefined): void {
    const { others } = this;
    if (silentKeeper) this.#outOfSight.set(silentKeeper.id, silentKeeper);
    for (const member of others) this.#outOfSight.set(member.id, member);
    this.lose(...others.map(({ id }) => id));
  }

  /** This member keeps the list from now on: it lists the members out of sight again, to ask them. */
  recall(): void {
    const members = [...this.#outOfSight.values()].filter(({ id }) => !this.#members.has(id));
    this.confirm();
    this.apply(members, []);
  }

  /** The list keeper says that this is the whole list. */
  confirm(): void {
    this.#isTold = true;
    this.#outOfSight.clear();
  }

  /** Members that are not named have left. */
  replace(members: readonly MemberInfo[]): void {
    this.confirm();
    const named = new Set(members.map(({ id }) => id));
    this.apply(
      members,
      [...this.#members.keys()].filter((id) => !named.has(id)),
    );
  }

  /** Applies a change, and tells what was new in it. */
  apply(joined: readonly MemberInfo[], left: readonly string[]): void {
    const change = { joined: [] as MemberInfo[], left: [] as MemberInfo[] };
    for (const id of left) {
      const known = this.#members.get(id);
      if (!known || id === this.#selfId) continue;
      this.#members.delete(id);
      change.left.push(known);
    }
    for (const member of joined) {
      const known = this.#members.get(member.id);
      if (member.id === this.#selfId || known?.instanceId === member.instanceId) continue;
      this.#members.set(member.id, member);
      if (known) change.left.push(known);
      change.joined.push(member);
    }
    if (change.joined.length + change.left.length === 0) return;
    this.#forgetOrder();
    this.#changes.next(change);
  }

  #forgetOrder(): void {
    this.#sorted = undefined;
    this.#digest = undefined;
  }

  close(): void {
    this.#changes.complete();
    this.#silent.complete();
  }
}
