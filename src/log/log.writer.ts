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

export interface LogWriterParts {
  readonly commits: TermCommits;
  readonly binding: PutBinding;
  readonly client: LeaderClient;
  readonly clock: Clock;
  readonly tracing: MessageTracing;
  /** ms */
  readonly requestTimeout: number;
  /**
   * ms for which a put may be retried: younger entries are never trimmed, so a retry meets the entry that it repeats
   */
  readonly retryWindow: number;
}

/** `put`: the leader writes an entry for any member, or the holder of a lock writes it itself. */
export class LogWriter {
  constructor(private readonly parts: LogWriterParts) {}

  register(routes: LeaderRoutes): void {
    routes.handleIdempotent(PUT, (request) => this.#receive(request));
  }

  async put(key: string, value: string, options: PutOptions = {}): Promise<LogReceipt> {
    const { binding, requestTimeout, retryWindow, tracing } = this.parts;
    const limits = waitLimits(options, requestTimeout);
    if (limits.timeout > retryWindow) {
      const text = PUT_TIMEOUT_TOO_LONG(limits.timeout, retryWindow);
      throw new HedgeError('INVALID_ARGUMENT', text);
    }
    // The id is made once, here: a retry carries the same id and meets itself (ONE-ID-PER-ENTRY).
    const entry: NewEntry = { id: uuidv7(), key: checkKey(key), value: checkValue(value) };
    const bound = binding.writerOf(options);
    const trace = tracing.sent({ kind: 'put' });
    const timestamp = await trace.call(() =>
      bound ? this.#putUnder(bound, entry, limits) : this.#ask(entry, limits, trace),
    );
    return { id: entry.id, key, timestamp: formatTimestamp(timestamp) };
  }

  /** Never sent to another leader: after the term this fails, even if this member follows another leader by then. */
  #putUnder(commit: GroupCommit, entry: NewEntry, limits: WaitLimits): Promise<bigint> {
    const over = new AbortController();
    return waitFor<Promise<bigint>>(this.parts.clock, limits, PUTTING(entry.key), (done) => {
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
    return BigInt((await this.parts.client.request(PUT, entry, limits)) as string);
  }

  async #receive({ data, term, timeout, caller, headers }: LeaderRequest): Promise<string> {
    const entry = readEntry(data);
    const { commits, tracing } = this.parts;
    const trace = tracing.handled({ kind: 'put', sender: caller.id }, headers);
    return `${await trace.call(() => commits.of(term).append(entry, timeout))}`;
  }
}

/** Checked again here: a peer may send anything. */
function readEntry(data: unknown): NewEntry {
  const { id, key, value } = (data ?? {}) as Partial<NewEntry>;
  if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) {
    throw new HedgeError('INVALID_ARGUMENT', EXPECTED('id', 'a UUID', id));
  }
  return { id, key: checkKey(key), value: checkValue(value) };
}
