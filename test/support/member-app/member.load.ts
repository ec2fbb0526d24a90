import { setTimeout as delay } from 'node:timers/promises';
import type { HedgeService } from '../../../src/index.js';
import { parseTimestamp } from '../../../src/log/timestamp.js';
import { codeOf } from '../processes/parent.commands.js';
import { machineTime } from '../time/machine.time.js';
import { closing, records } from './member.settings.js';
import { look } from './member.watch.js';

export interface LoadOptions {
  /** Keys are `{prefix}-{worker}`. */
  readonly prefix: string;
  /** Each puts one entry after the other under a key of its own. */
  readonly workers: number;
  /** ms between an answer and the next put */
  readonly pause: number;
  /** ms; @default `requestTimeout` */
  readonly timeout?: number;
}

let load = new AbortController();

export function startLoad(hedge: HedgeService, options: LoadOptions): void {
  load = new AbortController();
  for (let worker = 0; worker < options.workers; worker++) {
    void putOn(hedge, `${options.prefix}-${worker}`, options, load.signal);
  }
}

export function stopLoad(): void {
  load.abort();
}

async function putOn(hedge: HedgeService, key: string, options: LoadOptions, signal: AbortSignal) {
  for (let count = 0; !signal.aborted && !closing.signal.aborted; count++) {
    const value = `${key}:${count}`;
    const begunAt = machineTime();
    try {
      const { id, timestamp } = await hedge.put(key, value, { timeout: options.timeout });
      const at = machineTime();
      const ns = parseTimestamp(timestamp) ?? 0n;
      records.note({ type: 'ack', at, key, value, id, begunAt, timestamp: ns });
    } catch (error) {
      const code = codeOf(error);
      records.note({ type: 'failed-put', at: machineTime(), key, value, code });
      if (code === 'NOT_RUNNING') return;
    }
    look(hedge);
    await delay(options.pause, undefined, { ref: false });
  }
}
