import type { HedgeService } from 'nestjs-hedge';

/** How a member introduces itself. */
export interface Status {
  url: string;
  id: string;
  pid: number;
  isLeader: boolean;
}

export const port = Number(process.env['PORT'] ?? 3001);
export const url = `http://localhost:${port}`;

/** ms; after a kill -9 the group is without a leader for about so long. */
export const LEASE = 3_000;

/** What this member knows without asking anybody. */
export function statusOf(hedge: HedgeService): Status {
  return { url, id: hedge.id, pid: process.pid, isLeader: hedge.isLeader() };
}
