import type { ModuleRef } from '@nestjs/core';
import type { HedgeMember } from './hedge.member.js';

/**
 * Metadata of methods whose decorator comes from another entry of this package. Its value is the {@link
 * MemberExtension} for them. So the main entry loads no package that such methods need, and apps import no module for
 * them.
 *
 * @internal
 */
export const EXTENSION = Symbol('hedge:extension');

/**
 * Finds and checks its methods before the member starts.
 * @returns a function to call when the member has started
 * @throws HedgeError `INVALID_HANDLER`
 */
export type MemberExtension = (member: HedgeMember, modules: ModuleRef) => () => void;

/** The extensions that the decorators of an app bring along. */
export class MemberExtensions {
  #starts: (() => void)[] = [];

  constructor(
    private readonly member: HedgeMember,
    private readonly modules: ModuleRef,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  find(): void {
    const { member, modules } = this;
    const found = member.explorer.explore<MemberExtension>(EXTENSION);
    const extensions = new Set(found.map(({ metadata }) => metadata));
    this.#starts = [...extensions].map((extension) => extension(member, modules));
  }

  start(): void {
    for (const start of this.#starts) start();
  }
}
