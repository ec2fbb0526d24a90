import { describe, expect, it } from 'vitest';
import { HedgeError } from '../errors/index.js';
import { isEnvelope, readRefusal, refusalOf } from './leader.envelope.js';

describe('an envelope', () => {
  it.each([
    { d: { any: 'thing' }, t: '0', w: 0 },
    { d: null, t: '1795412345678901234', w: 20_000 },
    { t: '1', w: 0.5 },
    { d: 1, t: '1', w: 1, later: 'versions may add to it' },
  ])('is %j', (data) => {
    expect(isEnvelope(data)).toBe(true);
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [[]],
    [{}],
    [{ d: 1, t: 1, w: 1 }],
    [{ d: 1, t: '', w: 1 }],
    [{ d: 1, t: '-1', w: 1 }],
    [{ d: 1, t: '1e3', w: 1 }],
    [{ d: 1, t: '1'.repeat(21), w: 1 }],
    [{ d: 1, t: '1' }],
    [{ d: 1, t: '1', w: -1 }],
    [{ d: 1, t: '1', w: '5' }],
    [{ d: 1, t: '1', w: null }],
  ])('is not %j', (data) => {
    expect(isEnvelope(data)).toBe(false);
  });
});

describe('a refusal', () => {
  const leader = { id: '10.0.0.1:1', token: 1_795_412_345_678_901_234n };

  it('names the leader, with a token that no number can hold', () => {
    const refusal = refusalOf('10.0.0.2:1', leader);

    expect(refusal).toMatchObject({ code: 'NOT_LEADER' });
    expect(refusal.message).toMatch(
      /10\.0\.0\.2:1 is not the leader\. The leader is 10\.0\.0\.1:1\./,
    );
    expect(readRefusal(refusal)).toEqual({ leader });
  });

  it('may name no leader', () => {
    const refusal = refusalOf('10.0.0.2:1', undefined);

    expect(refusal.message).toContain('knows no leader');
    expect(readRefusal(refusal)).toEqual({ leader: undefined });
  });

  it('survives the way through JSON', () => {
    const { code, message, error } = refusalOf('10.0.0.2:1', leader);
    const payload: unknown = JSON.parse(JSON.stringify(error));

    expect(readRefusal(new HedgeError(code, message, { error: payload }))).toEqual({ leader });
  });

  it.each([
    { refused: true, leader: 7, token: '1' },
    { refused: true, leader: 'a:1', token: 'x' },
    { refused: true, leader: 'a:1', token: 1 },
    { refused: true, leader: 'a:1' },
  ])('with %j names no leader', (error) => {
    expect(readRefusal(new HedgeError('NOT_LEADER', '', { error }))).toEqual({ leader: undefined });
  });

  it.each([
    [new Error('NOT_LEADER')],
    [new HedgeError('NO_LEADER', '')],
    // A handler throws it when its put came after its term: it did run.
    [new HedgeError('NOT_LEADER', '')],
    [new HedgeError('NOT_LEADER', '', { error: { refused: 'true' } })],
    [new HedgeError('HANDLER_ERROR', '', { error: { refused: true } })],
    [undefined],
  ])('is not %j', (error) => {
    expect(readRefusal(error)).toBeUndefined();
  });
});
