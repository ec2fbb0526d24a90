import { Injectable } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, type NestContainer } from '@nestjs/core';
import {
  ExecutionContextHost,
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
  PipesConsumer,
  PipesContextCreator,
} from '@nestjs/core/internal';
import { BaseRpcContext } from '@nestjs/microservices';
import { ExceptionFiltersContext } from '@nestjs/microservices/context/exception-filters-context.js';
import { RpcContextCreator } from '@nestjs/microservices/context/rpc-context-creator.js';
import { RpcProxy } from '@nestjs/microservices/context/rpc-proxy.js';
import type { RpcExceptionsHandler } from '@nestjs/microservices/exceptions/rpc-exceptions-handler.js';
import { catchError, isObservable, Observable, of, throwError } from 'rxjs';
import { copyMetadata } from '../decorators/copy-metadata.js';
import { HedgeError } from '../errors/index.js';
import type { DiscoveredHandler } from './handler.explorer.js';
import { type MessageServer, HedgeStream } from '../messaging/index.js';
import { NO_RPC_CONTEXT } from './handlers.messages.js';

/**
 * Called right before the method itself, after guards and pipes, in the same tick. It decides whether to `invoke`. An error
 * that it throws before it invokes goes to the caller as it is, past all filters: nothing was done. (Not so when an
 * interceptor repeats a method that was invoked before.)
 */
export type AroundHandler = (invoke: () => unknown, context: BaseRpcContext) => unknown;

/**
 * A decorated method behind Nest's whole pipeline. It rejects only when a filter throws. A `HedgeError` leaves it only as a
 * refusal, or as HANDLER_ERROR: other codes would tell a caller that nothing was done.
 */
export type PipelinedHandler = (
  data: unknown,
  context: BaseRpcContext,
) => Promise<Observable<unknown>>;

export interface HandlerFactoryOptions {
  /** Do the app's global guards, pipes, interceptors and filters apply, as with `connectMicroservice`? @default false */
  readonly inheritAppConfig?: boolean;
}

/**
 * Puts decorated methods behind Nest's RPC pipeline, as `@MessagePattern` methods are, on providers too.
 *
 * The only file that uses Nest's internals. `test/e2e/handler-factory.spec.ts` checks that Nest keeps them.
 */
@Injectable()
export class HandlerFactory {
  /** Errors that refused a handler before it began. */
  readonly #refusals = new WeakSet<HedgeError>();
  /** The contexts of handlers that have begun: after that no error may say that nothing was done. */
  readonly #invoked = new WeakSet<BaseRpcContext>();
  /** Errors of handlers and of their guards and pipes, by context. Callers see less of them. */
  readonly #failures = new WeakMap<object, unknown>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /** The error of the request with this context, before filters made a reply of it. */
  thrownIn(context: BaseRpcContext): unknown {
    return this.#failures.get(context);
  }

  create(
    handler: Pick<DiscoveredHandler, 'instance' | 'methodName' | 'wrapper'>,
    around: AroundHandler,
    options: HandlerFactoryOptions = {},
  ): PipelinedHandler {
    const { instance, methodName, wrapper } = handler;
    const proxy = this.#contextCreator(options.inheritAppConfig ?? false).create(
      instance,
      this.#standIn(instance, methodName, around),
      wrapper.host?.token ?? '',
      methodName,
    );
    return async (data, context) => {
      const failureOf = (error: unknown) => this.#failureOf(error, context);
      try {
        const result: unknown = await proxy(data, context);
        if (!isObservable(result)) return of(result);
        return result.pipe(catchError((error: unknown) => throwError(() => failureOf(error))));
      } catch (error) {
        throw failureOf(error);
      }
    };
  }

  #failureOf(error: unknown, context: BaseRpcContext): unknown {
    if (!(error instanceof HedgeError)) return error;
    if (this.#refusals.has(error) && !this.#invoked.has(context)) return error;
    const { code, message } = error;
    return new HedgeError('HANDLER_ERROR', message, { cause: error, error: { code, message } });
  }

  /** Makes the server known to the app, like a connected microservice: instrumentation looks there. */
  announce(server: MessageServer): void {
    this.#container.getModules().addRpcTarget(server.transport);
  }

  get #container(): NestContainer {
    return this.moduleRef['container'];
  }

  /** A callback with all metadata of the method, because Nest reads guards and pipes from its callback. */
  #standIn(
    instance: object,
    methodName: string,
    around: AroundHandler,
  ): (...args: unknown[]) => Observable<unknown> {
    // `any`: Nest declares Observables, and takes any result of a method.
    const standIn = (...args: unknown[]): any => {
      const context = args.pop();
      if (!(context instanceof BaseRpcContext)) throw new TypeError(NO_RPC_CONTEXT);
      try {
        return around(() => {
          this.#invoked.add(context);
          // Looked up at the call, so that spies and decorators can replace the method later.
          return Reflect.apply(Reflect.get(instance, methodName), instance, args);
        }, context);
      } catch (error) {
        const isRefusal = error instanceof HedgeError && !this.#invoked.has(context);
        if (isRefusal) this.#refusals.add(error);
        throw error;
      }
    };
    copyMetadata(Reflect.get(instance, methodName), standIn);
    return standIn;
  }

  #contextCreator(inheritAppConfig: boolean): RpcContextCreator {
    const container = this.#container;
    const inherited = inheritAppConfig ? container.applicationConfig : undefined;
    const config = inherited ?? new ApplicationConfig();
    return new ContextCreator(
      new ErrorProxy(this.#refusals, this.#failures),
      new ExceptionFiltersContext(container, config),
      new PipesContextCreator(container, config),
      new PipesConsumer(),
      new GuardsContextCreator(container, config),
      new GuardsConsumer(),
      new InterceptorsContextCreator(container, config),
      new InterceptorsConsumer(),
      config,
    );
  }
}

/** Passes the RPC context to the stand-in, after the arguments of the method itself. */
class ContextCreator extends RpcContextCreator {
  override createPipesFn(
    ...[pipes, parameters]: Parameters<RpcContextCreator['createPipesFn']>
  ): (args: unknown[], ...params: unknown[]) => Promise<void> {
    // A pipe that makes an instance of the declared class (ValidationPipe) would destroy a stream.
    const declared = parameters.map((parameter) =>
      isStreamType(parameter.metatype) ? { ...parameter, metatype: Object } : parameter,
    );
    const applyPipes = super.createPipesFn(pipes, declared);
    return async (args, ...params) => {
      if (applyPipes) await applyPipes(args, ...params);
      else args.push(...params);
      args.push(params[1]);
    };
  }
}

function isStreamType(type: unknown): boolean {
  return type === HedgeStream || type === Observable;
}

/** Nest masks every error that is no `RpcException`. A `HedgeError` is meant for the other side, and is not masked. */
class ErrorProxy extends RpcProxy {
  constructor(
    private readonly refusals: WeakSet<HedgeError>,
    private readonly failures: WeakMap<object, unknown>,
  ) {
    super();
  }

  override handleError(
    handler: RpcExceptionsHandler,
    args: unknown[],
    error: unknown,
    reportUnhandledErrors?: boolean,
  ): Observable<unknown> {
    const context = args.find((arg) => arg instanceof BaseRpcContext);
    if (context) this.failures.set(context, error);
    if (!(error instanceof HedgeError)) {
      return super.handleError(handler, args, error, reportUnhandledErrors);
    }
    if (this.refusals.has(error)) return throwError(() => error);
    const host = new ExecutionContextHost(args);
    host.setType('rpc');
    return handler.invokeCustomFilters(error, host) ?? throwError(() => error);
  }
}
