import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { HedgeError } from '../errors/index.js';
import { NOT_A_SINGLETON } from './handlers.messages.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method that carries the metadata asked for. */
export interface DiscoveredHandler<M = unknown> {
  readonly instance: object;
  readonly methodName: string;
  /** Nest's own record of the instance. Its module decides which guards, pipes and filters apply. */
  readonly wrapper: InstanceWrapper;
  readonly metadata: M;
}

/** Finds decorated methods on providers and controllers. It only finds them; its callers mount them. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws HedgeError INVALID_HANDLER for a handler on a request-scoped or transient class. */
  explore<M = unknown>(metadataKey: string | symbol): DiscoveredHandler<M>[] {
    const seen = new Set<object>();
    const found: DiscoveredHandler<M>[] = [];
    for (const wrapper of this.#wrappers()) {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      found.push(...this.#handlersOf<M>(instance, wrapper, metadataKey));
    }
    return found;
  }

  /** An instance may have several tokens: that of its own class comes first. */
  #wrappers(): InstanceWrapper[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const isOwn = ({ isAlias, isNotMetatype }: InstanceWrapper) => !isAlias && !isNotMetatype;
    return [...wrappers.filter(isOwn), ...wrappers.filter((wrapper) => !isOwn(wrapper))];
  }

  #handlersOf<M>(
    instance: object,
    wrapper: InstanceWrapper,
    metadataKey: string | symbol,
  ): DiscoveredHandler<M>[] {
    const prototype: Record<string, object> | null = Object.getPrototypeOf(instance);
    if (!prototype) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      // It is no getter: the scanner skips getters without calling them.
      const method = prototype[methodName];
      if (!method || !Reflect.hasMetadata(metadataKey, method)) return [];
      assertSingleton(wrapper, instance, methodName);
      const metadata: M = Reflect.getMetadata(metadataKey, method);
      return [{ instance, methodName, wrapper, metadata }];
    });
  }
}

function assertSingleton(wrapper: InstanceWrapper, instance: object, methodName: string): void {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return;
  const scope = wrapper.isTransient ? 'transient' : 'request-scoped (or injects what is)';
  throw new HedgeError(
    'INVALID_HANDLER',
    NOT_A_SINGLETON(instance.constructor.name, methodName, scope),
  );
}
