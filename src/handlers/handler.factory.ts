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
 * Called right before the method itself, after guards and pipes, in the same turn; it decides whether to
 * `invoke`. What it throws without having invoked goes to the caller past all filters, as it is: nothing was done.
 * (Not so when an interceptor tries again what was invoked before.)
 */
export type AroundHandler = (invoke: () => unknown, context: BaseRpcContext) => unknown;

/**
 * A decorated method behind Nest's whole pipeline. Never rejects unless a filter throws. A `HedgeError` comes out of it
 * only as a refusal, or as HANDLER_ERROR: the codes of the others would tell a caller that nothing was done.
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
 * The only file that knows Nest from the inside; `test/e2e/handler-factory.spec.ts` holds Nest to it.
 */
@Injectable()
export class HandlerFactory {
  /** Errors with which a handler was refused before it began. */
  readonly #refusals = new WeakSet<HedgeError>();
  /** The contexts of requests whose handler has begun: from then on nobody can say that nothing was done. */
  readonly #invoked = new WeakSet<BaseRpcContext>();

  /** What handlers, and what stands before them, threw: callers hear less of it. */
  readonly #failures = new WeakMap<object, unknown>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /** What was thrown while the request of this context was handled, before filters made a reply of it. */
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

  /** Makes the server known to the app, as a connected microservice is: instrumentation looks there. */
  announce(server: MessageServer): void {
    this.#container.getModules().addRpcTarget(server.transport);
  }

  get #container(): NestContainer {
    return this.moduleRef['container'];
  }

  /** Nest reads guards, pipes and the like off the callback it is given, so it carries all the method does. */
  #standIn(
    instance: object,
    methodName: string,
    around: AroundHandler,
  ): (...args: unknown[]) => Observable<unknown> {
    // `any`: Nest declares Observables, and takes whatever a method returns.
    const standIn = (...args: unknown[]): any => {
      const context = args.pop();
      if (!(context instanceof BaseRpcContext)) throw new TypeError(NO_RPC_CONTEXT);
      try {
        return around(() => {
          this.#invoked.add(context);
          // Looked up at the call: spies and decorators that replace methods later work as usual.
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

/** Hands the RPC context to the stand-in, behind whatever arguments the method itself asks for. */
class ContextCreator extends RpcContextCreator {
  override createPipesFn(
    ...[pipes, parameters]: Parameters<RpcContextCreator['createPipesFn']>
  ): (args: unknown[], ...params: unknown[]) => Promise<void> {
    // A pipe that makes an instance of the declared class (ValidationPipe) would take a stream apart.
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

/** Nest masks every error that is no `RpcException`; what ours say is made to be read at the other side. */
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
