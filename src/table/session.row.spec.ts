import { describe, expect, it } from 'vitest';
import { formatSession, parseSession, sessionPrefix } from './session.row.js';

const row = (writer: string | undefined) => ({ name: 'n', writer, token: undefined, age: 0 });

describe("a session's row", () => {
  it.each([
    { leaseDuration: 10_000, address: 'host:8080' },
    { leaseDuration: 1_000, address: '[::1]:80' },
    { leaseDuration: 1_000, address: 'a b\nc:1' },
  ])('tells the lease and the address of $address', (owner) => {
    expect(parseSession(row(formatSession(owner)))).toEqual(owner);
  });

  it.each([undefined, '', 'host:80', '10000', '10000 ', 'x host:80', '-1 host:80', ' 1 h'])(
    'with %j tells nothing',
    (writer) => {
      expect(parseSession(row(writer))).toBeUndefined();
    },
  );

  it("lies apart from other groups' rows", () => {
    expect(sessionPrefix('a')).toBe('hedge/a/session/');
  });
});
