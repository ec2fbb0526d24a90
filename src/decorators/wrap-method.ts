import { HedgeError } from '../errors/index.js';
import { NO_INSTANCE_METHOD } from '../hedge.messages.js';
import { copyMetadata } from './copy-metadata.js';

/** `Class.method`, as texts name it. */
export function labelOf(target: object, key: string | symbol): string {
  const { name } = typeof target === 'function' ? target : target.constructor;
  return `${name}.${String(key)}`;
}

/**
 * Puts what `wrap` makes of a method in its place.
 * @param decorator as texts name it: `@WithLock()`
 * @throws HedgeError `INVALID_HANDLER` for what no instance has: there is nothing that Nest could inject into
 */
export function wrapMethod<M>(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
  wrap: (method: M & Function, label: string) => Function,
): void {
  const method = descriptor.value;
  const label = labelOf(target, key);
  if (typeof target === 'function' || typeof method !== 'function') {
    throw new HedgeError('INVALID_HANDLER', NO_INSTANCE_METHOD(decorator, label));
  }
  const wrapped = wrap(method, label);
  copyMetadata(method, wrapped);
  Object.assign(descriptor, { value: wrapped });
}
