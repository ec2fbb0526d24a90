import { describe, expect, it } from 'vitest';
import { describeFailure, describeInputFailure, encodeFailure } from './message.codec.js';

const hostile = {
  get message(): string {
    throw new Error('no');
  },
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const textless = () => Object.assign(new Error(), { message: Object.create(null) as string });

describe('a failure, for its caller', () => {
  it.each([
    ['an object that cannot be read', () => hostile],
    ['a revoked proxy', revoked],
    ['an error without a text', textless],
    ['nothing', () => undefined],
  ])('is one, even when the error is %s', (_, thrown) => {
    const { failure } = describeFailure('r', thrown());
    expect(failure).toMatchObject({ code: 'HANDLER_ERROR', message: expect.any(String) });
    const json = encodeFailure({ id: 1 }, failure, 1_000);
    expect(JSON.parse(json)).toMatchObject({ id: 1, err: { code: 'HANDLER_ERROR' } });
    expect(describeInputFailure('r', thrown())).toMatchObject({ code: 'ABORTED' });
  });
});
