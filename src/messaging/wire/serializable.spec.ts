import { describe, expect, it, vi } from 'vitest';
import { reasonNotSerializable } from './serializable.js';

describe('reasonNotSerializable', () => {
  const circular: Record<string, unknown> = { list: [{}] };
  circular.list = [{ up: circular }];
  const deep: unknown = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`);

  it.each([
    [1n, 'data is a BigInt'],
    [{ a: [{ b: 1n }] }, 'data.a[0].b is a BigInt'],
    [circular, 'data.list[0].up is circular'],
    [() => 1, 'data is a function'],
    [Symbol('x'), 'data is a symbol'],
    [deep, 'nested more than'],
    [{ at: { toJSON: () => ({ n: 1n }) } }, 'data.at.n is a BigInt'],
    [
      {
        at: {
          toJSON() {
            throw new Error('no');
          },
        },
      },
      'data.at.toJSON() threw (no)',
    ],
    [{ fine: 1 }, 'the cause'],
  ])('names the part at fault: %#', (value, reason) => {
    expect(reasonNotSerializable(value, 'data', new Error('the cause'))).toContain(reason);
  });

  it('survives a cause that has no text', () => {
    const toJSON = vi.fn().mockThrow(Object.create(null));
    expect(reasonNotSerializable({ toJSON }, 'data', undefined)).toContain('data.toJSON() threw');
    expect(reasonNotSerializable({}, 'data', Object.create(null))).toBe('object');
  });

  it('is not misled by a part that appears twice', () => {
    const part = { x: 1 };
    expect(reasonNotSerializable({ a: part, b: part, n: 1n }, 'd', undefined)).toContain('d.n');
  });
});
