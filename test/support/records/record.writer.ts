import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberEvent } from './member.events.js';
import { EVENTS_FILE, INTERVAL_SIZE, intervalsFile } from './record.files.js';

/** Notes how long things are held, one after the other. */
class IntervalWriter {
  readonly #file: number;
  readonly #record = Buffer.alloc(INTERVAL_SIZE);
  #token: bigint | undefined;
  #position = -INTERVAL_SIZE;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  seen(token: bigint, before: bigint, after: bigint): void {
    if (token === this.#token) {
      this.#record.writeBigUInt64LE(before, 16);
    } else {
      this.#token = token;
      this.#position += INTERVAL_SIZE;
      this.#record.writeBigUInt64LE(token, 0);
      this.#record.writeBigUInt64LE(after, 8);
      this.#record.writeBigUInt64LE(before, 16);
    }
    writeSync(this.#file, this.#record, 0, INTERVAL_SIZE, this.#position);
  }
}

/**
 * What a member process notes of itself. Each note is in the file (the kernel has it) before the call returns, so it
 * outlives a kill -9 right afterwards.
 */
export class RecordWriter {
  readonly #intervals = new Map<string, IntervalWriter>();
  readonly #events: number;

  constructor(private readonly folder: string) {
    this.#events = openSync(join(folder, EVENTS_FILE), 'a');
  }

  /**
   * Whether it is held was asked after `before`, had been answered true by `after`, and this token was that holding's.
   * No two of one name at a time.
   */
  seen(what: string, token: bigint, before: bigint, after: bigint): void {
    let intervals = this.#intervals.get(what);
    if (!intervals) {
      intervals = new IntervalWriter(join(this.folder, intervalsFile(what)));
      this.#intervals.set(what, intervals);
    }
    intervals.seen(token, before, after);
  }

  note(event: MemberEvent): void {
    const json = JSON.stringify(event, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    writeSync(this.#events, `${json}\n`);
  }
}
