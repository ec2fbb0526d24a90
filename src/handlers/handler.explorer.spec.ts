import {
  Controller,
  Injectable,
  Module,
  Scope,
  SetMetadata,
  type INestApplicationContext,
  type ModuleMetadata,
} from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import { HandlerExplorer } from './handler.explorer.js';

const On = (name: string) => SetMetadata('on', name);

@Injectable()
class Base {
  @On('inherited')
  inherited(): void {}

  @On('replaced')
  replaced(): void {}
}

@Injectable()
class Provider extends Base {
  static readonly seen: string[] = [];

  get explosive(): never {
    throw new Error('a getter was called');
  }

  @On('static')
  static onClass(): void {}

  @On('own')
  own(): void {}

  /** No handler: it replaces a method with the decorator, and has none itself. */
  override replaced(): void {}
}

@Controller()
class OnController {
  @On('controller')
  handle(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @On('x')
  handle(): void {}
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @On('x')
  handle(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class Quiet {}

@Injectable()
class NeedsPerRequest {
  constructor(readonly perRequest: Quiet) {}

  @On('x')
  handle(): void {}
}

describe('HandlerExplorer', () => {
  let app: INestApplicationContext | undefined;

  async function explore(parts: ModuleMetadata, key = 'on') {
    @Module({
      imports: [DiscoveryModule],
      ...parts,
      providers: [HandlerExplorer, ...(parts.providers ?? [])],
    })
    class App {}
    app = await NestFactory.create(App, { logger: false });
    await app.init();
    return app.get(HandlerExplorer).explore<string>(key);
  }

  afterEach(() => app?.close());

  it('finds methods of providers and controllers, inherited ones too', async () => {
    const found = await explore({ providers: [Provider], controllers: [OnController] });
    expect(found.map(({ metadata, methodName }) => [metadata, methodName])).toEqual([
      ['own', 'own'],
      ['inherited', 'inherited'],
      ['controller', 'handle'],
    ]);
    expect(found[0]?.instance).toBe(app?.get(Provider));
    expect(found[0]?.wrapper.host?.name).toBe('App');
  });

  it('reports an instance once, whatever its tokens', async () => {
    const shared = new OnController();
    const found = await explore({
      providers: [
        { provide: 'alias', useExisting: Provider },
        Provider,
        { provide: 'made', useFactory: (host: Provider) => host, inject: [Provider] },
        { provide: 'one', useValue: shared },
        { provide: 'two', useValue: shared },
      ],
    });
    expect(found.map(({ metadata }) => metadata)).toEqual(['own', 'inherited', 'controller']);
    expect(found[0]?.wrapper.token).toBe(Provider);
  });

  it('accepts any other provider of an app', async () => {
    const revoked = Proxy.revocable({}, {});
    const odd = [null, undefined, 1, 'x', () => 1, Object.create(null), Object.freeze({}), revoked];
    const providers = odd.map((useValue, i) => ({ provide: `odd ${i}`, useValue }));
    expect(await explore({ providers })).toEqual([]);
  });

  it.each([
    [PerRequest, 'request-scoped'],
    [Transient, 'transient'],
    [NeedsPerRequest, 'request-scoped'],
  ])('refuses %o', async (host, scope) => {
    const parts = { providers: [host, Quiet] };
    await expect(explore(parts)).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringMatching(new RegExp(`${host.name}\\.handle\\(\\).*${scope}.*Make`)),
    });
    expect(app?.get(HandlerExplorer).explore('another key')).toEqual([]);
  });
});
