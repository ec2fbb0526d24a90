import { Subject } from 'rxjs';
import { byRank, type MemberInfo, type ListChange } from './member.js';

/** The members of the group, as far as this one knows. It is always among them itself, once it listens. */
export class MemberList {
  readonly #members = new Map<string, MemberInfo>();
  readonly #changes = new Subject<ListChange>();
  readonly #silent = new Subject<string>();
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

  /** How many candidates come before this member; one of them, who is known to be gone, not counted. */
  rank(gone?: string): number {
    const candidates = this.all.filter(({ id, candidate }) => candidate && id !== gone);
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

  /** What is not named has left. */
  replace(members: readonly MemberInfo[]): void {
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
