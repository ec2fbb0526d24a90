import type { HedgeService } from 'nestjs-hedge';

export interface Status {
  url: string;
  id: string;
  pid: number;
  isLeader: boolean;
}

export const port = Number(process.env['PORT'] ?? 3001);

/** What this member knows without asking anybody. */
export function statusOf(hedge: HedgeService): Status {
  return {
    url: `http://localhost:${port}`,
    id: hedge.id,
    pid: process.pid,
    isLeader: hedge.isLeader(),
  };
}
