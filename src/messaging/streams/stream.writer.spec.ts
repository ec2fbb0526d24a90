import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { StreamWriter } from './stream.writer.js';

describe('a StreamWriter', () => {
  it('keeps no trace of sent values, though a value always waits', () => {
    const values = new Subject<number>();
    let sent = 0;
    const writer = new StreamWriter({
      route: 'r',
      sink: { maxFrameLength: 100, waitingBytes: 0, sendFrame: () => ++sent > 0 },
      encode: (value) => JSON.stringify(value),
      ended: () => undefined,
    });
    writer.start(values);
    values.next(0);
    const before = heapUsed();
    for (let n = 1; n <= 1_500_000; n++) {
      values.next(n % 10);
      writer.grant(1);
    }
    expect(sent).toBe(1_500_000);
    expect(heapUsed() - before).toBeLessThan(4_000_000);
    // A value still waits, and the writer is still there to be measured.
    expect(writer.whenFree()).toBeDefined();
  });
});

/** Bytes in use, without garbage. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
