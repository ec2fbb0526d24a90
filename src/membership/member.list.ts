import { createHash } from 'node:crypto';
import { Subject } from 'rxjs';
import { byAge, type MemberInfo, type ListChange } from './member.js';

/** Far down: there may well be that many. */
const UNTOLD_RANK = 255;

/** Whoever fell silent; without `instanceId`: whatever process it was. */
export type SilentMember = Pick<MemberInfo, 'id'> & Partial<MemberInfo>;

/** The members of the group, as far as this one knows. It is always among them itself, once it listens. */
export class MemberList {
  readonly #members = new Map<string, MemberInfo>();
  readonly #changes = new Subject<ListChange>();
  readonly #silent = new Subject<SilentMember>();
  /** Out of sight since this member found itself cut off. */
  readonly #beyond = new Map<string, MemberInfo>();
  #selfId = '';
  /** Put in order when it is asked for: the leader of a large group asks hundreds of times between two changes. */
  #ranked: readonly MemberInfo[] | undefined;
  #digest: string | undefined;
  #isTold = false;

  readonly changes = this.#changes.asObservable();
  /** Members that this one found silent for too long, or gone: not those that said goodbye. */
  readonly silent = this.#silent.asObservable();

  /** This member is there: nobody else's word takes it off its own list. */
  enter(self: MemberInfo): void {
    this.#selfId = self.id;
    this.#members.set(self.id, self);
    this.#forgetOrder();
  }

  /** The oldest first. */
  get all(): readonly MemberInfo[] {
    return (this.#ranked ??= [...this.#members.values()].toSorted(byAge));
  }

  /** Stands for who is on the list: those who have the same need not be told it. */
  get digest(): string {
    const text = () => this.all.map(({ id, instanceId }) => `${id} ${instanceId}`).join('\n');
    return (this.#digest ??= createHash('sha256').update(text()).digest('base64url').slice(0, 22));
  }

  /** All but this member, the oldest first. */
  get others(): MemberInfo[] {
    return this.all.filter(({ id }) => id !== this.#selfId);
  }

  /** All but this member, from the one that is next by age: each member begins with another one. */
  get successors(): MemberInfo[] {
    const self = this.all.findIndex(({ id }) => id === this.#selfId);
    return [...this.all.slice(self + 1), ...this.all.slice(0, self)];
  }

  get(id: string): MemberInfo | undefined {
    return this.#members.get(id);
  }

  /**
   * How many candidates come before this member: the younger ones, so that in a rolling update leadership passes to a member
   * that stays. `gone` is not counted, those out of sight are: they see each other. Who was never told the list is in no
   * hurry to keep it.
   */
  rank(gone?: string): number {
    const self = this.#members.get(this.#selfId);
    if (!self || !this.#isTold) return UNTOLD_RANK;
    const isBefore = (other: MemberInfo) =>
      other.candidate && other.id !== gone && byAge(self, other) < 0;
    const known = [...this.all, ...this.#beyond.values()];
    return known.filter((other) => other.id !== self.id && isBefore(other)).length;
  }

  add(member: MemberInfo): void {
    this.apply([member], []);
  }

  remove(...ids: string[]): void {
    this.apply([], ids);
  }

  /** They do not answer any more. */
  lose(...ids: string[]): void {
    const gone = ids.map((id) => this.#members.get(id) ?? { id });
    this.apply([], ids);
    for (const member of gone) this.#silent.next(member);
  }

  /** None of the others answers: it is this member that is cut off, from `missed` too, which was lost before. */
  isolate(missed: MemberInfo | undefined): void {
    const { others } = this;
    if (missed) this.#beyond.set(missed.id, missed);
    for (const member of others) this.#beyond.set(member.id, member);
    this.lose(...others.map(({ id }) => id));
  }

  /** It keeps the list itself from now on: those out of its sight are on it again, and can be asked. */
  recall(): void {
    const members = [...this.#beyond.values()].filter(({ id }) => !this.#members.has(id));
    this.confirm();
    this.apply(members, []);
  }

  /** Who keeps the list says that it is just this. */
  confirm(): void {
    this.#isTold = true;
    this.#beyond.clear();
  }

  /** What is not named has left. */
  replace(members: readonly MemberInfo[]): void {
    this.confirm();
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
    this.#forgetOrder();
    this.#changes.next(news);
  }

  #forgetOrder(): void {
    this.#ranked = undefined;
    this.#digest = undefined;
  }

  close(): void {
    this.#changes.complete();
    this.#silent.complete();
  }
}
