import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import type { DiscoveredHandler, HandlerExplorer } from './handler.explorer.js';
import { MessageKind } from './message.kind.js';
import { PatternRegistry } from './pattern.registry.js';

const message = new MessageKind('@OnMessage');
const stream = new MessageKind('@OnStream');

@Injectable()
class Greeter {
  @message.handler('hi')
  @stream.handler('other')
  @message.handler({ b: 1, a: 2 })
  greet(): void {}

  @message.handler(undefined)
  rest(): void {}
}

@Injectable()
class Singer {
  @stream.handler('hi')
  sing(): void {}
}

/** Finds what the real explorer finds, without an app. */
function explorerOf(...classes: (new () => object)[]): Pick<HandlerExplorer, 'explore'> {
  return {
    explore: <M>(key: string | symbol) =>
      classes.flatMap((type) =>
        Object.getOwnPropertyNames(type.prototype).flatMap((methodName) => {
          const metadata: M | undefined = Reflect.getMetadata(key, type.prototype[methodName]);
          if (!metadata) return [];
          return [{ instance: new type(), methodName, metadata } as DiscoveredHandler<M>];
        }),
      ),
  };
}

function registryOf(...classes: (new () => object)[]): PatternRegistry {
  return new PatternRegistry(explorerOf(...classes) as HandlerExplorer);
}

describe('handlers by pattern', () => {
  it('are found with all patterns of their own kind', () => {
    const registry = registryOf(Greeter);

    const added = registry.add(message);

    expect(added.map(({ handler, patterns }) => [handler.methodName, patterns])).toEqual([
      ['greet', ['{"a":2,"b":1}', 'hi']],
      ['rest', [null]],
    ]);
    expect(['hi', 'other', null].map((pattern) => registry.has(pattern))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('are one per pattern, of whatever kind', () => {
    const registry = registryOf(Greeter, Singer);
    registry.add(message);

    const added = () => registry.add(stream);

    expect(added).toThrow(
      expect.objectContaining({
        code: 'INVALID_HANDLER',
        message: expect.stringMatching(
          /^@OnMessage\('hi'\) on Greeter\.greet\(\) and @OnStream\('hi'\) on Singer\.sing\(\).*Remove/,
        ),
      }),
    );
  });

  it('are one for all that no other takes', () => {
    class Twice {
      @message.handler(undefined)
      @message.handler(undefined)
      rest(): void {}
    }

    expect(() => registryOf(Twice).add(message)).toThrow(/@OnMessage\(\) on Twice\.rest\(\)/);
  });

  it('are methods', () => {
    expect(() => message.handler('x')({}, 'getter', { get: () => 1 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_HANDLER',
        message: '@OnMessage() can decorate methods only.',
      }),
    );
  });
});
