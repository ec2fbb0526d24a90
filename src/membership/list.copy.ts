import { isOlder, type ListUpdate, type ListVersion } from './list.update.js';
import type { MemberInfo } from './member.js';
import type { MemberList } from './member.list.js';

/** The list as the member that keeps it has told, and what this one found out for itself since. */
export class ListCopy {
  #version: ListVersion | undefined;
  /** Something was changed here: only the whole list puts that right. */
  #isAltered = false;
  #missed: MemberInfo | undefined;

  constructor(private readonly list: MemberList) {}

  /** What to be told the changes since; `undefined`: everything is wanted. */
  get version(): ListVersion | undefined {
    return this.#isAltered ? undefined : this.#version;
  }

  /** The whole list, for a member that does not hear who keeps it. */
  get update(): ListUpdate | undefined {
    return this.version && { ...this.version, joined: this.list.all, left: [] };
  }

  /** Another member keeps it: versions begin anew. */
  reset(): void {
    this.#missed = undefined;
    this.#version = undefined;
  }

  /** @returns false when something is missing between what is known and this */
  take(update: ListUpdate): boolean {
    const { token, version, since, joined, left, same } = update;
    const known = this.#version?.token === token ? this.#version.version : undefined;
    // What was sent earlier may arrive later.
    if (known !== undefined && version < known) return true;
    if (same !== undefined) {
      // Changed since it was asked about: then it is asked for again.
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

  /** From a member that still hears who keeps it. */
  borrow({ token, version, joined }: ListUpdate): void {
    // It may be behind this one, which then knows of members that left since.
    if (this.#version && isOlder({ token, version }, this.#version)) return;
    this.#version = { token, version };
    this.#isAltered = true;
    this.list.replace(joined);
  }

  /** Nobody answers. */
  isolate(): void {
    this.#isAltered = true;
    this.list.isolate(this.#missed);
  }

  /** Who keeps the list does not answer. */
  miss(id: string): void {
    this.#missed = this.list.get(id) ?? this.#missed;
    this.lose(id);
  }

  /** They do not answer. */
  lose(...ids: string[]): void {
    this.#isAltered = true;
    this.list.lose(...ids);
  }
}
