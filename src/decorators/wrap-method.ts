import { HedgeError } from '../errors/index.js';
import { copyMetadata } from './copy-metadata.js';
import { NO_INSTANCE_METHOD } from './decorators.messages.js';

/** `Class.method`, for texts. */
function labelOf(target: object, key: string | symbol): string {
  const { name } = typeof target === 'function' ? target : target.constructor;
  return `${name}.${String(key)}`;
}

/**
 * @param decorator its name in texts: `@WithLock()`
 * @returns the method's label
 * @throws HedgeError `INVALID_HANDLER` if it is not an instance method
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
 * Replaces a method with the function that `wrap` makes of it.
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
