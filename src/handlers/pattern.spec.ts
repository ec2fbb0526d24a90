import { ClientTCP, type MsPattern } from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
import { HedgeError } from '../errors/index.js';
import { routeOf } from './pattern.js';

/** Nest's own function, which its clients and servers share. */
class NestClient extends ClientTCP {
  routeOf(pattern: MsPattern): string {
    return this.normalizePattern(pattern);
  }
}

describe('routeOf', () => {
  const nest = new NestClient({});

  const patterns: any[] = [
    'orders.add',
    '',
    7,
    {},
    { cmd: 'sum' },
    { b: 1, a: 'x', c: true, d: null },
    { nested: { z: { y: 'x' }, a: 1 } },
    { 'quo"te': 'back\\slash', list: [1, 'two'] },
    { undef: undefined },
  ];

  it.each(patterns)("makes Nest's route of %j", (pattern) => {
    expect(routeOf(pattern)).toBe(nest.routeOf(pattern));
  });

  it('sorts keys as every member does, whatever its locale', () => {
    expect(routeOf({ ä: 1, z: 2, a: 3, B: 4 })).toBe('{"B":4,"a":3,"z":2,"ä":1}');
  });

  it('does not mind the order of keys', () => {
    expect(routeOf({ a: 1, b: 2 })).toBe(routeOf({ b: 2, a: 1 }));
  });

  it.each([
    [undefined],
    [null],
    [true],
    [Symbol('x')],
    [{ a: { b: { c: { d: { e: { f: { g: 1 } } } } } } }],
    [Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, i]))],
  ])('refuses a value that is no pattern, or too large for Nest: %#', (pattern) => {
    expect(() => routeOf(pattern)).toThrow(HedgeError);
  });
});
