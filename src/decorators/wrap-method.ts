import { HedgeError } from '../errors/index.js';
import { copyMetadata } from './copy-metadata.js';
import { NO_INSTANCE_METHOD } from './decorators.messages.js';

/** `Class.method`, as texts name it. */
function labelOf(target: object, key: string | symbol): string {
  const { name } = typeof target === 'function' ? target : target.constructor;
  return `${name}.${String(key)}`;
}

/**
 * @param decorator as texts name it: `@WithLock()`
 * @returns the method's label
 * @throws HedgeError `INVALID_HANDLER` for what no instance has
 */
export function labelOfMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  method: unknown,
): string {
  const label = labelOf(target, key);
  if (typeof target === 'object' && typeof method === 'function') return label;
  throw new HedgeError('INVALID_HANDLER', NO_INSTANCE_METHOD(decorator, label));
}

/**
 * Puts what `wrap` makes of a method in its place.
 * @throws HedgeError as {@link labelOfMethod}
 */
export function wrapMethod<M extends Function>(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
  wrap: (method: M, label: string) => Function,
): void {
  const { value } = descriptor;
  const label = labelOfMethod(decorator, target, key, value);
  const method = value!;
  const wrapped = wrap(method, label);
  copyMetadata(method, wrapped);
  Object.assign(descriptor, { value: wrapped });
}
