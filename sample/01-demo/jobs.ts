import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { HedgeService, type Semaphore } from 'nestjs-hedge';

export const POOL = { name: 'pool', limit: 2 } as const;

/** Work that may run so often at once in the whole group, however many members there are. */
export interface Job {
  readonly id: string;
  readonly queuedAt: number;
  /** Of its permit; `undefined` while it waits. */
  token?: string;
}

/** The jobs of this member. */
@Injectable()
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #pool: Semaphore;

  constructor(hedge: HedgeService) {
    this.#pool = hedge.semaphore(POOL.name, POOL.limit);
  }

  get all(): Job[] {
    return [...this.#jobs.values()];
  }

  /** Waits for a permit, and holds it for `ms`. */
  async run(ms: number): Promise<Job> {
    const job: Job = { id: randomUUID(), queuedAt: Date.now() };
    this.#jobs.set(job.id, job);
    try {
      return await this.#pool.using(
        async (permit) => {
          job.token = permit.token.toString();
          await delay(ms, undefined, { signal: permit.signal });
          return job;
        },
        { timeout: 120_000 },
      );
    } finally {
      this.#jobs.delete(job.id);
    }
  }
}
