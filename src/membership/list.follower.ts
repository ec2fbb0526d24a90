import { isOlder, type ListUpdate, type ListVersion } from './list.update.js';
import type { MemberInfo } from './member.info.js';
import type { MemberList } from './member.list.js';

/**
 * Keeps this member's list in step with the list keeper's: takes the keeper's updates, and what this member found out
 * itself since the last update.
 */
export class ListFollower {
  #version: ListVersion | undefined;
  /** This member changed its list itself: only the whole list corrects that. */
  #isAltered = false;
  /** The list keeper that fell silent last. */
  #silentKeeper: MemberInfo | undefined;

  constructor(private readonly list: MemberList) {}

  /** The version that updates may start from; `undefined`: this member needs the whole list. */
  get version(): ListVersion | undefined {
    return this.#isAltered ? undefined : this.#version;
  }

  /** The whole list, for a member that does not hear the keeper. */
  get update(): ListUpdate | undefined {
    return this.version && { ...this.version, joined: this.list.all, left: [] };
  }

  /** Another member keeps the list now, and its versions start again. */
  reset(): void {
    this.#silentKeeper = undefined;
    this.#version = undefined;
  }

  /** @returns false when this member missed an update before this one */
  take(update: ListUpdate): boolean {
    const { token, version, since, joined, left, same } = update;
    const known = this.#version?.token === token ? this.#version.version : undefined;
    // An update that was sent earlier may arrive later.
    if (known !== undefined && version < known) return true;
    if (same !== undefined) {
      // The list has changed since this member told its digest: the next heartbeat asks again.
      if (same !== this.list.digest) return true;
      this.list.confirm();
      this.list.apply(joined, left);
      this.#isAltered = false;
    } else if (since === undefined) {
      this.list.replace(joined);
      this.#isAltered = false;
    } else {
      if (known === undefined || since > known) return false;
      this.list.apply(joined, left);
    }
    this.#version = { token, version };
    return true;
  }

  /** Takes the list of a member that still hears the keeper. */
  borrow({ token, version, joined }: ListUpdate): void {
    // An older list may still show members that left since.
    if (this.#version && isOlder({ token, version }, this.#version)) return;
    this.#version = { token, version };
    this.#isAltered = true;
    this.list.replace(joined);
  }

  /** No other member answers. */
  isolate(): void {
    this.#isAltered = true;
    this.list.isolate(this.#silentKeeper);
  }

  /** The keeper does not answer. */
  loseKeeper(id: string): void {
    this.#silentKeeper = this.list.get(id) ?? this.#silentKeeper;
    this.lose(id);
  }

  /** This member does not answer. */
  lose(id: string): void {
    this.#isAltered = true;
    this.list.lose(id);
  }
}
