import { describe, expect, it } from 'vitest';
import { headersOf } from './message.headers.js';

describe('the headers of a message', () => {
  it('are the texts among the given values', () => {
    const given = { traceparent: '00-1', tracestate: 'a=b', count: 7, nested: {}, none: undefined };
    expect(headersOf(given)).toEqual({ traceparent: '00-1', tracestate: 'a=b' });
  });

  it.each([undefined, null, 'text', 7, ['a'], {}, { count: 7 }, { 'a b': 'c', '': 'd' }])(
    'are none where there are none: %j',
    (given) => expect(headersOf(given)).toBeUndefined(),
  );

  it('take 4,096 characters, and leave out the rest', () => {
    const given = { baggage: 'x'.repeat(4_090), traceparent: 'y'.repeat(4_085), more: 'z' };
    expect(headersOf(given)).toEqual({ traceparent: given.traceparent });
    expect(headersOf({ a: 'x'.repeat(4_095) })).toBeDefined();
    expect(headersOf({ a: 'x'.repeat(4_096) })).toBeUndefined();
  });

  it('are at most 16', () => {
    const given = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`h${n}`, 'x']));
    expect(Object.keys(headersOf(given) ?? {})).toHaveLength(16);
  });

  it('reach no prototype', () => {
    const headers = headersOf(JSON.parse('{"__proto__":"x","a":"b"}'));
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.keys(headers ?? {})).toEqual(['__proto__', 'a']);
  });
});
