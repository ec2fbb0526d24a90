import type { ListUpdate, ListVersion } from './list.update.js';
import type { MemberInfo, ListChange } from './member.js';

/** Who left is remembered for so many departures: whoever is further behind is told the whole list. */
const REMEMBERED = 1_000;

const FIRST = 1;

/** Which version of the list brought whom, so that each member can be told just what it does not know. */
export class ListHistory {
  readonly #joinedIn = new Map<string, number>();
  /** In the order of versions. */
  readonly #leftIn = new Map<string, number>();
  /** Departures up to this version may be forgotten. */
  #floor = 0;
  #version = FIRST;

  /** @param base the digest of the list that it begins with */
  constructor(
    private readonly token: string,
    readonly base: string,
  ) {}

  get current(): ListVersion {
    return { token: this.token, version: this.#version };
  }

  record({ joined, left }: ListChange): void {
    this.#version++;
    for (const { id } of left) {
      this.#joinedIn.delete(id);
      this.#leftIn.delete(id);
      this.#leftIn.set(id, this.#version);
    }
    for (const { id } of joined) {
      this.#leftIn.delete(id);
      this.#joinedIn.set(id, this.#version);
    }
    this.#forget();
  }

  /** What a member that has the list it began with has to be told. */
  sinceBase(members: readonly MemberInfo[]): ListUpdate {
    const { token } = this;
    const update = this.since({ token, version: FIRST }, members);
    if (update && update.since === undefined) return update;
    return { ...this.current, since: FIRST, joined: [], left: [], ...update, same: this.base };
  }

  /** What a member that is so far has to be told, or `undefined` when it knows it all. */
  since(known: ListVersion | undefined, members: readonly MemberInfo[]): ListUpdate | undefined {
    const { current } = this;
    const since = known?.token === this.token ? known.version : 0;
    if (since === this.#version) return undefined;
    if (since <= this.#floor || since > this.#version) {
      return { ...current, joined: members, left: [] };
    }
    const joined = members.filter(({ id }) => (this.#joinedIn.get(id) ?? 0) > since);
    const left = [...this.#leftIn].filter(([, version]) => version > since).map(([id]) => id);
    return { ...current, since, joined, left };
  }

  #forget(): void {
    for (const [id, version] of this.#leftIn) {
      if (this.#leftIn.size <= REMEMBERED) return;
      this.#leftIn.delete(id);
      this.#floor = version;
    }
  }
}
