import {
  applyDecorators,
  Catch,
  Controller,
  createParamDecorator,
  Inject,
  Injectable,
  Logger,
  Module,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
  type INestApplicationContext,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  DiscoveryModule,
  ModulesContainer,
  NestFactory,
  Reflector,
} from '@nestjs/core';
import { Ctx, Payload, RpcException } from '@nestjs/microservices';
import { lastValueFrom, map, of, retry, throwError, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HedgeError } from '../../src/errors/index.js';
import {
  HandlerExplorer,
  HandlerFactory,
  HedgeContext,
  type AroundHandler,
  type HandlerFactoryOptions,
} from '../../src/handlers/index.js';
import { MemberIdentity, MessageServer } from '../../src/messaging/index.js';

/** What ran, in order. */
const trace: string[] = [];

class Dependency {
  readonly name = 'injected';
}

@Injectable()
class Allow implements CanActivate {
  constructor(
    @Inject(Dependency) private readonly dependency: Dependency,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    const { name } = context.getHandler();
    const type = context.getType();
    trace.push(`guard ${this.dependency.name} ${type} ${context.getClass().name}.${name} ${role}`);
    return true;
  }
}

class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Lost implements CanActivate {
  canActivate(): never {
    throw new HedgeError('LOCK_LOST', 'the lock is gone');
  }
}

class Again implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(1));
  }
}

class AsyncDeny implements CanActivate {
  canActivate(): Observable<boolean> {
    return of(false);
  }
}

class Double implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (typeof value !== 'number') return value;
    trace.push(`pipe ${type} ${metatype?.name}`);
    return value * 2;
  }
}

class RejectAll implements PipeTransform {
  transform(): never {
    throw new RpcException({ message: 'not valid', field: 'n' });
  }
}

class Wrap implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    trace.push('before');
    return next.handle().pipe(
      map((value: unknown) => {
        trace.push('after');
        return { wrapped: value };
      }),
    );
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class TeapotFilter implements ExceptionFilter<Teapot> {
  catch(error: Teapot): Observable<never> {
    return throwError(() => ({ message: 'short and stout', was: error.message }));
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(error: unknown): Observable<unknown> {
    return of({ caught: String(error) });
  }
}

const Sender = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToRpc().getContext<HedgeContext>().getSender(),
);

const On = (route: string) => applyDecorators(SetMetadata('on', route));

abstract class Methods {
  readonly prefix = 'mine';

  @On('plain')
  plain(data: unknown): unknown {
    trace.push('handler');
    return { data, prefix: this.prefix };
  }

  @On('params')
  params(
    @Ctx() context: HedgeContext,
    @Payload() data: unknown,
    @Payload('n') n: number,
    @Sender() sender: string,
  ): unknown {
    return { data, n, sender, token: String(context.getToken()), pattern: context.getPattern() };
  }

  @On('context')
  context(@Ctx() context: HedgeContext): string {
    return context.getSender();
  }

  @On('piped param')
  pipedParam(@Payload('n', Double) n: number, @Ctx() context: HedgeContext): unknown {
    return [n, context.getSender()];
  }

  @On('guarded')
  @SetMetadata('role', 'admin')
  @UseGuards(Allow)
  guarded(@Payload() data: number): number {
    trace.push('handler');
    return data;
  }

  @UseGuards(Deny)
  @On('denied')
  denied(): void {
    trace.push('handler');
  }

  @UseGuards(AsyncDeny)
  @On('denied later')
  deniedLater(): void {
    trace.push('handler');
  }

  @UsePipes(Double)
  @On('piped')
  piped(data: number): number {
    return data;
  }

  @UsePipes(RejectAll)
  @On('rejected by a pipe')
  rejectedByPipe(): void {
    trace.push('handler');
  }

  @UseInterceptors(Wrap)
  @On('wrapped')
  wrapped(data: unknown): unknown {
    trace.push('handler');
    return data;
  }

  @UseFilters(TeapotFilter)
  @On('filtered')
  filtered(@Payload() message: string): never {
    throw message === 'other' ? new TypeError('secret') : new Teapot(message);
  }

  @On('rpc')
  rpc(): never {
    throw new RpcException({ message: 'no stock', left: 0 });
  }

  @On('rpc text')
  rpcText(): Observable<never> {
    return throwError(() => new RpcException('no'));
  }

  @On('unknown')
  async unknown(): Promise<never> {
    throw new TypeError('secret');
  }

  @On('hedge')
  hedge(): never {
    throw new HedgeError('LOCK_LOST', 'the lock is gone');
  }

  @On('hedge stream')
  hedgeStream(): Observable<never> {
    return throwError(() => new HedgeError('LOCK_LOST', 'the lock is gone'));
  }

  @UseGuards(Lost)
  @On('hedge guard')
  hedgeGuard(): void {}

  @UseInterceptors(Again)
  @On('again')
  again(): never {
    trace.push('handler');
    throw new HedgeError('LOCK_LOST', 'the lock is gone');
  }

  @UseFilters(CatchAll)
  @On('hedge caught')
  hedgeCaught(): never {
    throw new HedgeError('LOCK_LOST', 'the lock is gone');
  }

  @On('observable')
  observable(): Observable<number> {
    return of(1, 2);
  }

  @On('promise')
  async promise(): Promise<number> {
    return 1;
  }

  @On('undefined')
  nothing(): void {}
}

@Controller()
class OnController extends Methods {}

@Injectable()
class OnProvider extends Methods {}

@UseGuards(Deny)
class ClassGuard extends Methods {}

@UsePipes(Double)
@UseInterceptors(Wrap)
@UseFilters(CatchAll)
class ClassAll extends Methods {}

const traced: AroundHandler = (invoke, context) => {
  trace.push(`around ${context instanceof HedgeContext ? context.getSender() : ''}`);
  queueMicrotask(() => trace.push('next turn'));
  return invoke();
};

async function start(
  host: Type<Methods>,
  kind: string,
  extra: { provide: symbol | string; useClass: Type<unknown> }[] = [],
): Promise<INestApplicationContext> {
  @Module({
    imports: [DiscoveryModule],
    controllers: kind === 'controller' ? [host] : [],
    providers: [
      Dependency,
      HandlerExplorer,
      HandlerFactory,
      ...(kind === 'provider' ? [host] : []),
      ...extra,
    ],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: ['error'] });
  await app.init();
  return app;
}

describe.each([
  ['provider', OnProvider],
  ['controller', OnController],
])("Nest's pipeline around a method of a %s", (kind, host) => {
  const apps: INestApplicationContext[] = [];
  let app: INestApplicationContext;

  async function use(...options: Parameters<typeof start>): Promise<void> {
    app = await start(...options);
    apps.push(app);
  }

  async function call(
    route: string,
    data?: unknown,
    around: AroundHandler = (invoke) => invoke(),
    options: HandlerFactoryOptions = {},
  ): Promise<unknown> {
    const found = app
      .get(HandlerExplorer)
      .explore<string>('on')
      .find(({ metadata }) => metadata === route);
    if (!found) throw new Error(`No handler for ${route}`);
    const run = app.get(HandlerFactory).create(found, around, options);
    const context = new HedgeContext('a:1', 7n, route, () => AbortSignal.abort());
    return lastValueFrom(await run(data, context));
  }

  beforeEach(async () => {
    trace.length = 0;
    await use(host, kind);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(apps.splice(0).map((started) => started.close()));
  });

  it('calls it on its instance, data first', async () => {
    expect(await call('plain', 1)).toEqual({ data: 1, prefix: 'mine' });
    expect(await call('plain')).toEqual({ data: undefined, prefix: 'mine' });
  });

  it('fills parameters by their decorators', async () => {
    expect(await call('params', { n: 3 })).toEqual({
      data: { n: 3 },
      n: 3,
      sender: 'a:1',
      token: '7',
      pattern: 'params',
    });
    expect(await call('context', 1)).toBe('a:1');
    expect(await call('piped param', { n: 3 })).toEqual([6, 'a:1']);
  });

  it('gives values, promises, Observables and undefined', async () => {
    expect(await call('observable')).toBe(2);
    expect(await call('promise')).toBe(1);
    expect(await call('undefined')).toBeUndefined();
  });

  it('asks guards, which see the metadata of the method', async () => {
    expect(await call('guarded', 1)).toBe(1);
    expect(trace).toEqual([`guard injected rpc ${host.name}.guarded admin`, 'handler']);
  });

  it('stops at a guard that denies', async () => {
    for (const route of ['denied', 'denied later']) {
      await expect(call(route)).rejects.toEqual({ status: 'error', message: 'Forbidden resource' });
    }
    expect(trace).toEqual([]);
  });

  it('runs pipes, also without @Payload()', async () => {
    expect(await call('piped', 4)).toBe(8);
    expect(trace).toEqual(['pipe body Number']);
    await expect(call('rejected by a pipe', 1)).rejects.toEqual({
      message: 'not valid',
      field: 'n',
    });
    expect(trace).not.toContain('handler');
  });

  it('runs interceptors around it', async () => {
    expect(await call('wrapped', 1)).toEqual({ wrapped: 1 });
    expect(trace).toEqual(['before', 'handler', 'after']);
  });

  it('runs filters, and masks and logs what they leave', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await expect(call('filtered', 'tea')).rejects.toEqual({
      message: 'short and stout',
      was: 'tea',
    });
    expect(log).not.toHaveBeenCalled();
    for (const route of ['filtered', 'unknown']) {
      await expect(call(route, 'other')).rejects.toEqual({
        status: 'error',
        message: 'Internal server error',
      });
    }
    expect(log).toHaveBeenCalledTimes(2);
  });

  it('gives the payload of an RpcException', async () => {
    await expect(call('rpc')).rejects.toEqual({ message: 'no stock', left: 0 });
    await expect(call('rpc text')).rejects.toEqual({ status: 'error', message: 'no' });
  });

  it('gives a HedgeError as HANDLER_ERROR, unless a filter takes it', async () => {
    for (const route of ['hedge', 'hedge stream', 'hedge guard']) {
      await expect(call(route)).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        message: 'the lock is gone',
        error: { code: 'LOCK_LOST', message: 'the lock is gone' },
      });
    }
    expect(await call('hedge caught')).toEqual({ caught: 'HedgeError: the lock is gone' });
  });

  it('obeys decorators on the class', async () => {
    class Guarded extends ClassGuard {}
    class All extends ClassAll {}
    const decorate = kind === 'controller' ? Controller() : Injectable();
    decorate(Guarded);
    decorate(All);
    await use(Guarded, kind);
    await expect(call('plain')).rejects.toMatchObject({ message: 'Forbidden resource' });
    await use(All, kind);
    expect(await call('plain', 2)).toEqual({ wrapped: { data: 4, prefix: 'mine' } });
    expect(await call('unknown', 2)).toEqual({ caught: 'TypeError: secret' });
  });

  it("applies the app's global enhancers only when asked to", async () => {
    const globals = [
      { provide: APP_GUARD, useClass: Allow },
      { provide: APP_PIPE, useClass: Double },
      { provide: APP_INTERCEPTOR, useClass: Wrap },
      { provide: APP_FILTER, useClass: CatchAll },
    ];
    await use(host, kind, globals);
    expect(await call('plain', 2)).toEqual({ data: 2, prefix: 'mine' });
    await expect(call('rpc')).rejects.toMatchObject({ message: 'no stock' });
    expect(trace).toEqual(['handler']);
    const inherit = { inheritAppConfig: true };
    expect(await call('plain', 2, undefined, inherit)).toEqual({
      wrapped: { data: 4, prefix: 'mine' },
    });
    expect(await call('rpc', 2, undefined, inherit)).toHaveProperty('caught');
    expect(trace.join()).toContain('guard injected');
    await use(host, kind, [{ provide: APP_GUARD, useClass: Deny }]);
    expect(await call('promise')).toBe(1);
    await expect(call('promise', 1, undefined, inherit)).rejects.toMatchObject({
      message: 'Forbidden resource',
    });
  });

  describe('around', () => {
    it('comes right before the method, in the same turn, with the context', async () => {
      for (const [route, data] of [
        ['guarded', 1],
        ['wrapped', 1],
        ['plain', undefined],
      ] as const) {
        trace.length = 0;
        await call(route, data, traced);
        const at = trace.indexOf('around a:1');
        expect(trace.slice(at, at + 2)).toEqual(['around a:1', 'handler']);
      }
      expect(await call('context', 1, traced)).toBe('a:1');
    });

    it('is not asked when a guard or pipe refuses', async () => {
      const around = vi.fn();
      await call('denied', 1, around).catch(() => undefined);
      await call('rejected by a pipe', 1, around).catch(() => undefined);
      expect(around).not.toHaveBeenCalled();
    });

    it('can refuse, past all filters', async () => {
      const refusal = new HedgeError('NOT_LEADER', 'ask b:1');
      for (const route of ['plain', 'hedge caught', 'wrapped']) {
        const refused = call(route, 1, () => {
          throw refusal;
        });
        await expect(refused).rejects.toBe(refusal);
      }
      expect(trace).not.toContain('handler');
    });

    it('cannot refuse what it has invoked before', async () => {
      const refusal = new HedgeError('NOT_LEADER', 'ask b:1', { error: { refused: true } });
      let attempts = 0;
      const tried = call('again', 1, (invoke) => {
        if (attempts++ > 0) throw refusal;
        return invoke();
      });
      await expect(tried).rejects.toMatchObject({
        code: 'HANDLER_ERROR',
        error: { code: 'NOT_LEADER' },
      });
      expect(trace).toEqual(['handler']);
    });

    it('can change the reply', async () => {
      expect(await call('promise', 1, async (invoke) => [await invoke()])).toEqual([1]);
    });
  });

  it('calls what the method is by then', async () => {
    const spy = vi.spyOn(app.get(host), 'plain').mockReturnValue('spied');
    expect(await call('plain', 1)).toBe('spied');
    spy.mockRestore();
    expect(await call('plain', 1)).toMatchObject({ data: 1 });
  });

  it('serves other members with the payloads intact', async () => {
    const server = new MessageServer(new MemberIdentity('g'));
    app.get(HandlerFactory).announce(server);
    const targets: unknown[] = [];
    app
      .get(ModulesContainer)
      .getRpcTargetRegistry()
      .subscribe((target) => targets.push(target));
    expect(targets).toEqual([server.transport]);
  });
});
