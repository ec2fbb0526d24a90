import { EXPECTED, HedgeError } from '../errors/index.js';
import type { LeaderClient, LeaderRequest, LeaderRoutes } from '../request/index.js';
import { repeated, type FencedCommitter } from '../session/index.js';
import type { HedgeStore, Mutation, StoredEntry } from '../store/index.js';
import { TimeLimit, waitLimits, type Clock, type WaitLimits } from '../time/index.js';
import { checkKey } from './log.checks.js';
import type { TrimOptions } from './log.types.js';

const TRIM = 'hedge:trim';
/** Deletions in a commit: far fewer than Spanner takes. */
const PAGE = 1_000;

interface TrimRequest {
  readonly key: string;
  readonly keep: number;
}

export interface LogTrimmerParts {
  readonly store: HedgeStore;
  readonly committer: FencedCommitter;
  readonly client: LeaderClient;
  readonly clock: Clock;
  /** ms */
  readonly requestTimeout: number;
  /** ms for which a put may be retried: younger entries stay, as a retry must meet the entry that it repeats */
  readonly retryWindow: number;
}

/** `trim`: the leader deletes old versions of a key, for any member. */
export class LogTrimmer {
  constructor(private readonly parts: LogTrimmerParts) {}

  register(routes: LeaderRoutes): void {
    routes.handleIdempotent(TRIM, (request) => this.#trim(request));
  }

  async trim(key: string, options: TrimOptions): Promise<number> {
    const request: TrimRequest = { key: checkKey(key), keep: checkKeep(options?.keep) };
    const { client, requestTimeout } = this.parts;
    const limits = { ...waitLimits(options, requestTimeout), idempotent: true };
    return (await client.request(TRIM, request, limits)) as number;
  }

  async #trim({ data, term, timeout }: LeaderRequest): Promise<number> {
    const { key, keep } = readRequest(data);
    const { clock, committer, retryWindow } = this.parts;
    const limit = new TimeLimit(clock, timeout);
    const limits = (): WaitLimits => ({ timeout: Math.max(1, limit.left), signal: term.signal });
    const commit = (mutations: Mutation[]) =>
      repeated(clock, limits(), (call) =>
        committer.commitOnce(term.session, mutations, call, term),
      );
    // The store's own time, from a commit that writes only the fence.
    const youngest = (await commit([])) - BigInt(retryWindow) * 1_000_000n;
    let deleted = 0;
    for (let offset = keep; ;) {
      const page = await this.#page(key, offset, limits());
      const old = page.filter(({ timestamp }) => timestamp < youngest);
      if (old.length > 0) await commit(old.map(deletionOf));
      deleted += old.length;
      offset += page.length - old.length;
      if (page.length < PAGE) return deleted;
    }
  }

  #page(key: string, offset: number, limits: WaitLimits): Promise<StoredEntry[]> {
    const { clock, store } = this.parts;
    const query = { key, order: 'newest', offset, limit: PAGE, withoutValues: true } as const;
    return repeated(clock, limits, (call) => store.entries(query, call));
  }
}

function deletionOf({ id, key }: StoredEntry): Mutation {
  return { table: 'log', op: 'delete', id, key };
}

/** Checked again here: a peer may send anything. */
function readRequest(data: unknown): TrimRequest {
  const { key, keep } = (data ?? {}) as Partial<TrimRequest>;
  return { key: checkKey(key), keep: checkKeep(keep) };
}

/** @throws HedgeError `INVALID_ARGUMENT` */
function checkKeep(keep: unknown): number {
  if (Number.isSafeInteger(keep) && (keep as number) >= 1) return keep as number;
  throw new HedgeError('INVALID_ARGUMENT', EXPECTED('keep', 'a whole number of at least 1', keep));
}
