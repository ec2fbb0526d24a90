import { v7 as uuidv7 } from 'uuid';
import { EXPECTED, HedgeError } from '../errors/index.js';
import type { MessageTrace, MessageTracing } from '../messaging/index.js';
import type { LeaderClient, LeaderRequest, LeaderRoutes } from '../request/index.js';
import { waitFor, waitLimits, type Clock, type WaitLimits } from '../time/index.js';
import type { GroupCommit } from './group.commit.js';
import { checkKey, checkValue } from './log.checks.js';
import { PUTTING, PUT_TIMEOUT_TOO_LONG } from './log.messages.js';
import type { LogReceipt, PutOptions } from './log.types.js';
import type { NewEntry } from './pending.entry.js';
import type { PutBinding } from './put.binding.js';
import type { TermCommits } from './term.commits.js';
import { formatTimestamp } from './timestamp.js';

const PUT = 'hedge:put';

/** `put`: into the log, by the leader's hand from any member, or by that of whoever holds a lock. */
export class LogWriter {
  constructor(
    private readonly commits: TermCommits,
    private readonly binding: PutBinding,
    private readonly client: LeaderClient,
    private readonly clock: Clock,
    private readonly requestTimeout: number,
    /** ms; entries younger than this are never trimmed, so a retry always meets the entry it repeats */
    private readonly retryWindow: number,
    private readonly tracing: MessageTracing,
  ) {}

  register(routes: LeaderRoutes): void {
    routes.handleIdempotent(PUT, (request) => this.#receive(request));
  }

  async put(key: string, value: string, options: PutOptions = {}): Promise<LogReceipt> {
    const limits = waitLimits(options, this.requestTimeout);
    if (limits.timeout > this.retryWindow) {
      const text = PUT_TIMEOUT_TOO_LONG(limits.timeout, this.retryWindow);
      throw new HedgeError('INVALID_ARGUMENT', text);
    }
    // Made here, once: a retry carries the same id and meets itself.
    const entry: NewEntry = { id: uuidv7(), key: checkKey(key), value: checkValue(value) };
    const bound = this.binding.writerOf(options);
    const trace = this.tracing.sent({ kind: 'put' });
    const timestamp = await trace.call(() =>
      bound ? this.#putUnder(bound, entry, limits) : this.#ask(entry, limits, trace),
    );
    return { id: entry.id, key, timestamp: formatTimestamp(timestamp) };
  }

  /** Never sent on: after the term it fails, even if this member has become a follower of another. */
  #putUnder(commit: GroupCommit, entry: NewEntry, limits: WaitLimits): Promise<bigint> {
    const over = new AbortController();
    return waitFor<Promise<bigint>>(this.clock, limits, PUTTING(entry.key), (done) => {
      const settled = commit.append(entry, limits.timeout, over.signal);
      settled.then(
        () => done(settled),
        () => done(settled),
      );
      return () => over.abort();
    }).then((result) => result);
  }

  async #ask(
    entry: NewEntry,
    { timeout, signal }: WaitLimits,
    { headers }: MessageTrace,
  ): Promise<bigint> {
    const limits = { timeout, signal, idempotent: true, headers };
    return BigInt((await this.client.request(PUT, entry, limits)) as string);
  }

  async #receive({ data, term, timeout, caller, headers }: LeaderRequest): Promise<string> {
    const entry = readEntry(data);
    const trace = this.tracing.handled({ kind: 'put', sender: caller.id }, headers);
    return `${await trace.call(() => this.commits.of(term).append(entry, timeout))}`;
  }
}

/** A peer is not to be trusted to have checked what it sent. */
function readEntry(data: unknown): NewEntry {
  const { id, key, value } = (data ?? {}) as Partial<NewEntry>;
  if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) {
    throw new HedgeError('INVALID_ARGUMENT', EXPECTED('id', 'a UUID', id));
  }
  return { id, key: checkKey(key), value: checkValue(value) };
}
