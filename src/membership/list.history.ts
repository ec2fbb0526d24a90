import type { ListUpdate, ListVersion } from './list.update.js';
import type { ListChange, MemberInfo } from './member.info.js';

/** A member that missed more departures than this is told the whole list. */
const REMEMBERED_DEPARTURES = 1_000;

const FIRST_VERSION = 1;

/** Remembers in which version each member joined or left, so that every member is told only what it misses. */
export class ListHistory {
  readonly #joinedIn = new Map<string, number>();
  /** Oldest version first. */
  readonly #leftIn = new Map<string, number>();
  /** Departures up to this version may be forgotten. */
  #floor = 0;
  #version = FIRST_VERSION;

  /**
   * @param token the leader's, in decimal
   * @param base the digest of the list that the history begins with
   */
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

  /** The update for a member that has the list this history began with. */
  sinceBase(members: readonly MemberInfo[]): ListUpdate {
    const { token } = this;
    const update = this.since({ token, version: FIRST_VERSION }, members);
    if (update && update.since === undefined) return update;
    return {
      ...this.current,
      since: FIRST_VERSION,
      joined: [],
      left: [],
      ...update,
      same: this.base,
    };
  }

  /** The update for a member that knows this version; `undefined` when it knows the newest. */
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
      if (this.#leftIn.size <= REMEMBERED_DEPARTURES) return;
      this.#leftIn.delete(id);
      this.#floor = version;
    }
  }
}
