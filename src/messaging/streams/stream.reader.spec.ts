import { Subscriber } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { STREAM_WINDOW } from '../wire/credit.units.js';
import { StreamReader } from './stream.reader.js';

describe('a StreamReader', () => {
  it('grants a quarter of the window when that much was consumed, and not before', async () => {
    const { reader, grant } = open();
    const values = reader.iterate();
    for (let n = 0; n < 100; n++) reader.receive(n, 1);
    for (let n = 0; n < 64; n++) expect(await values.next()).toEqual({ done: false, value: n });
    // The loop still works on the last value.
    expect(grant).not.toHaveBeenCalled();
    await values.next();
    expect(grant).toHaveBeenCalledExactlyOnceWith(64);
  });

  it('takes a value larger than its window, and no other before that is consumed', async () => {
    const { reader, grant } = open();
    const values = reader.iterate();
    expect(reader.receive(1, 1_000)).toBe(true);
    expect(reader.receive(2, 1)).toBe(false);
    await values.next();
    const next = values.next();
    expect(grant).toHaveBeenCalledExactlyOnceWith(1_000);
    expect(reader.receive(2, 1)).toBe(true);
    expect(await next).toEqual({ done: false, value: 2 });
  });

  it('counts a value as consumed when its subscriber has returned', () => {
    const { reader, grant } = open();
    reader.pushTo(new Subscriber());
    for (let n = 0; n < 1_000; n++) expect(reader.receive(n, 1)).toBe(true);
    expect(grant).toHaveBeenCalledTimes(15);
  });

  it('ends after the values that have arrived, or fails at once', async () => {
    const ended = open();
    ended.reader.receive(1, 1);
    ended.reader.end({ error: 'late' });
    const values = ended.reader.iterate();
    expect(await values.next()).toEqual({ done: false, value: 1 });
    await expect(values.next()).rejects.toBe('late');
    expect(await values.next()).toEqual({ done: true, value: undefined });
    expect(ended.onOver).toHaveBeenCalledExactlyOnceWith(false, { error: 'late' });

    const failed = open();
    failed.reader.receive(1, 1);
    failed.reader.fail('now');
    await expect(failed.reader.iterate().next()).rejects.toBe('now');
  });

  it('answers every waiting call when its consumer leaves', async () => {
    const { reader, onOver } = open();
    const values = reader.iterate();
    const waiting = [values.next(), values.next()];
    await values.return?.();
    const end = { done: true, value: undefined };
    expect(await Promise.all(waiting)).toEqual([end, end]);
    expect(onOver).toHaveBeenCalledExactlyOnceWith(true);
    expect(reader.receive(1, 1)).toBe(true);
    expect(await values.next()).toEqual(end);
  });

  it('has no more for a consumer that left before it took all of an ended stream', async () => {
    const { reader } = open();
    reader.receive(1, 1);
    reader.end({ error: 'late' });
    const values = reader.iterate();
    await values.return?.();
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });
});

function open() {
  const grant = vi.fn();
  const onOver = vi.fn();
  const reader = new StreamReader<number>(onOver);
  reader.open(STREAM_WINDOW, grant);
  return { reader, grant, onOver };
}
