import { SetMetadata } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { copyMetadata } from './copy-metadata.js';

/** A decorator that wraps, as `@LeaderOnly()` does. */
function Wrap(calls: string[]): MethodDecorator {
  return (_target, name, descriptor: PropertyDescriptor) => {
    const method: (...args: unknown[]) => unknown = descriptor.value;
    descriptor.value = function (this: unknown, ...args: unknown[]): unknown {
      calls.push(String(name));
      return Reflect.apply(method, this, args);
    };
    copyMetadata(method, descriptor.value);
  };
}

describe('copyMetadata', () => {
  const calls: string[] = [];
  const key = Symbol('key');

  class Host {
    @Wrap(calls)
    @SetMetadata('below', 1)
    @SetMetadata(key, 2)
    wrapAbove(_a: number, _b: number): string {
      return 'done';
    }

    @SetMetadata('above', 3)
    @Wrap(calls)
    wrapBelow(): void {}
  }

  const wrapAbove = Reflect.get(Host.prototype, 'wrapAbove');
  const wrapBelow = Reflect.get(Host.prototype, 'wrapBelow');

  it('keeps what decorators above and below have said', () => {
    expect(Reflect.getMetadata('below', wrapAbove)).toBe(1);
    expect(Reflect.getMetadata(key, wrapAbove)).toBe(2);
    expect(Reflect.getMetadata('above', wrapBelow)).toBe(3);
    expect(Reflect.getMetadataKeys(wrapBelow)).not.toContain('below');
  });

  it('keeps name and length, and the method works', () => {
    expect(wrapAbove.name).toBe('wrapAbove');
    expect(wrapAbove).toHaveLength(2);
    expect(new Host().wrapAbove(1, 2)).toBe('done');
    expect(calls).toEqual(['wrapAbove']);
  });
});
