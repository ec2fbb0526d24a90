import { Subject } from 'rxjs';
import { byRank, type MemberInfo, type ListChange } from './member.js';

/** The members of the group, as far as this one knows. It is always among them itself, once it listens. */
export class MemberList {
  readonly #members = new Map<string, MemberInfo>();
  readonly #changes = new Subject<ListChange>();
  readonly #silent = new Subject<string>();
  /** Out of sight since this member found itself cut off. */
  readonly #beyond = new Map<string, MemberInfo>();
  #selfId = '';
  /** Put in order when it is asked for: the leader of a large group asks hundreds of times between two changes. */
  #ranked: readonly MemberInfo[] | undefined;

  readonly changes = this.#changes.asObservable();
  /** Ids of members that this one found silent for too long, or gone: not of those that said goodbye. */
  readonly silent = this.#silent.asObservable();

  /** This member is there: nobody else's word takes it off its own list. */
  enter(self: MemberInfo): void {
    this.#selfId = self.id;
    this.#members.set(self.id, self);
    this.#ranked = undefined;
  }

  /** By rank. */
  get all(): readonly MemberInfo[] {
    return (this.#ranked ??= [...this.#members.values()].toSorted(byRank));
  }

  /** All but this member, by rank. */
  get others(): MemberInfo[] {
    return this.all.filter(({ id }) => id !== this.#selfId);
  }

  /** All but this member, from the one that ranks next: each member begins with another one. */
  get successors(): MemberInfo[] {
    const self = this.all.findIndex(({ id }) => id === this.#selfId);
    return [...this.all.slice(self + 1), ...this.all.slice(0, self)];
  }

  get(id: string): MemberInfo | undefined {
    return this.#members.get(id);
  }

  /**
   * How many candidates come before this member; one of them, who is known to be gone, not counted. Those out of its sight
   * are: they see each other, and it must not go before them.
   */
  rank(gone?: string): number {
    const candidates = [...this.all, ...this.#beyond.values()]
      .filter(({ id, candidate }) => candidate && id !== gone)
      .toSorted(byRank);
    return Math.max(
      0,
      candidates.findIndex(({ id }) => id === this.#selfId),
    );
  }

  add(member: MemberInfo): void {
    this.apply([member], []);
  }

  remove(...ids: string[]): void {
    this.apply([], ids);
  }

  /** They do not answer any more. */
  lose(...ids: string[]): void {
    this.apply([], ids);
    for (const id of ids) this.#silent.next(id);
  }

  /** None of the others answers: it is this member that is cut off, from `missed` too, which was lost before. */
  isolate(missed: MemberInfo | undefined): void {
    const { others } = this;
    if (missed) this.#beyond.set(missed.id, missed);
    for (const member of others) this.#beyond.set(member.id, member);
    this.lose(...others.map(({ id }) => id));
  }

  /** It is not any more, or wrongly thought so: those out of its sight are on the list again, and can be asked. */
  recall(): void {
    const members = [...this.#beyond.values()].filter(({ id }) => !this.#members.has(id));
    this.#beyond.clear();
    this.apply(members, []);
  }

  /** What is not named has left. */
  replace(members: readonly MemberInfo[]): void {
    this.#beyond.clear();
    const named = new Set(members.map(({ id }) => id));
    this.apply(
      members,
      [...this.#members.keys()].filter((id) => !named.has(id)),
    );
  }

  /** Takes in a change, and tells of what was news in it. */
  apply(joined: readonly MemberInfo[], left: readonly string[]): void {
    const news = { joined: [] as MemberInfo[], left: [] as MemberInfo[] };
    for (const id of left) {
      const known = this.#members.get(id);
      if (!known || id === this.#selfId) continue;
      this.#members.delete(id);
      news.left.push(known);
    }
    for (const member of joined) {
      const known = this.#members.get(member.id);
      if (member.id === this.#selfId || known?.instanceId === member.instanceId) continue;
      this.#members.set(member.id, member);
      if (known) news.left.push(known);
      news.joined.push(member);
    }
    if (news.joined.length + news.left.length === 0) return;
    this.#ranked = undefined;
    this.#changes.next(news);
  }

  close(): void {
    this.#changes.complete();
    this.#silent.complete();
  }
}
