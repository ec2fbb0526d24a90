import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LEADERSHIP, type EventOf, type HeldInterval, type MemberEvent } from './member.events.js';
import { EVENTS_FILE, INTERVAL_SIZE, intervalsFile } from './record.files.js';

/**
 * Reads what a member noted, while it runs or after it was killed. Only what is new: tests ask often, and what they take
 * of the machine is missing in what they measure.
 */
export class RecordReader {
  readonly #events = new Map<string, MemberEvent[]>();
  readonly #chunk = Buffer.alloc(1 << 20);
  #file: number | undefined;
  #read = 0;

  constructor(private readonly folder: string) {}

  /** Of leadership. */
  get intervals(): HeldInterval[] {
    return this.intervalsOf(LEADERSHIP);
  }

  intervalsOf(what: string): HeldInterval[] {
    const path = join(this.folder, intervalsFile(what));
    if (!existsSync(path)) return [];
    const bytes = readFileSync(path);
    const intervals: HeldInterval[] = [];
    for (let at = 0; at + INTERVAL_SIZE <= bytes.length; at += INTERVAL_SIZE) {
      intervals.push({
        token: bytes.readBigUInt64LE(at),
        from: bytes.readBigUInt64LE(at + 8),
        to: bytes.readBigUInt64LE(at + 16),
      });
    }
    return intervals;
  }

  /** All of one type, oldest first. */
  eventsOf<T extends MemberEvent['type']>(type: T): readonly EventOf<T>[] {
    this.#readNew();
    return (this.#events.get(type) ?? []) as EventOf<T>[];
  }

  #readNew(): void {
    const path = join(this.folder, EVENTS_FILE);
    if (this.#file === undefined && !existsSync(path)) return;
    this.#file ??= openSync(path, 'r');
    for (;;) {
      const count = readSync(this.#file, this.#chunk, 0, this.#chunk.length, this.#read);
      // A line that is being written has no end yet.
      const end = this.#chunk.subarray(0, count).lastIndexOf('\n') + 1;
      if (end === 0) return;
      this.#read += end;
      for (const line of this.#chunk.toString('utf8', 0, end - 1).split('\n')) {
        const event = parseEvent(line);
        const known = this.#events.get(event.type);
        if (known) known.push(event);
        else this.#events.set(event.type, [event]);
      }
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function parseEvent(line: string): MemberEvent {
  return JSON.parse(line, (_key, value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as MemberEvent;
}
