import type { ModuleRef } from '@nestjs/core';
import type { HedgeMember } from './member.js';

/**
 * Metadata of methods whose decorator comes from another entry of this package: its value is the {@link HedgeExtension}
 * that looks after them. So the main entry loads none of what those need, and apps import no module for them.
 *
 * @internal
 */
export const EXTENSION = Symbol('hedge:extension');

/**
 * Finds and checks its methods, before the member starts. Gives back what begins once it has.
 * @throws HedgeError `INVALID_HANDLER`
 */
export type HedgeExtension = (member: HedgeMember, modules: ModuleRef) => () => void;

/** What an app's decorators bring along. */
export class HedgeExtensions {
  #starts: (() => void)[] = [];

  constructor(
    private readonly member: HedgeMember,
    private readonly modules: ModuleRef,
  ) {}

  /** @throws HedgeError `INVALID_HANDLER` */
  find(): void {
    const { member, modules } = this;
    const found = member.explorer.explore<HedgeExtension>(EXTENSION);
    const extensions = new Set(found.map(({ metadata }) => metadata));
    this.#starts = [...extensions].map((extension) => extension(member, modules));
  }

  start(): void {
    for (const start of this.#starts) start();
  }
}
