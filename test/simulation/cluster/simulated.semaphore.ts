import type { Resource } from '../../../src/lock/index.js';
import { semaphoreResource } from '../../../src/semaphore/index.js';
import type { Mutant } from '../mutants.js';
import { GROUP } from '../settings.js';

/** The semaphore of a schedule, as a mutant sees it. */
export class SimulatedSemaphore {
  constructor(
    readonly limit: number,
    private readonly mutant: Mutant,
  ) {}

  /** A permit as a member asks for it that knows this limit. */
  permit(limit = this.limit): Resource {
    const resource = semaphoreResource(GROUP, 's', limit);
    return this.mutant.resource?.(resource) ?? resource;
  }
}
