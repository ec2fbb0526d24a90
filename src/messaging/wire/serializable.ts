import { MAX_NESTING } from './nesting.js';
import { NESTED_TOO_DEEP } from './wire.messages.js';

/**
 * Says why `JSON.stringify` refused a value, with the path of the part at fault. Call it only after the refusal: looking
 * into every message before would cost as much as sending it.
 */
export function reasonNotSerializable(value: unknown, path: string, cause: unknown): string {
  try {
    return findCulprit(value, path, new Set()) ?? textOf(cause);
  } catch {
    return textOf(cause);
  }
}

function findCulprit(value: unknown, path: string, above: Set<object>): string | undefined {
  if (typeof value === 'bigint') return `${path} is a BigInt (send it as a string)`;
  if (above.size === 0 && (typeof value === 'function' || typeof value === 'symbol')) {
    return `${path} is a ${typeof value}`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.has(value)) return `${path} is circular`;
  if (above.size >= MAX_NESTING) return NESTED_TOO_DEEP(MAX_NESTING);
  if (hasToJson(value)) return reasonOfToJson(value, path, above);
  above.add(value);
  for (const [key, part] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : `.${key}`;
    const culprit = findCulprit(part, path + step, above);
    if (culprit) return culprit;
  }
  above.delete(value);
  return undefined;
}

function reasonOfToJson(
  value: { toJSON(): unknown },
  path: string,
  above: Set<object>,
): string | undefined {
  let replaced: unknown;
  try {
    replaced = value.toJSON();
  } catch (cause) {
    return `${path}.toJSON() threw (${textOf(cause)})`;
  }
  if (replaced === value) return undefined;
  above.add(value);
  const culprit = findCulprit(replaced, path, above);
  above.delete(value);
  return culprit;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function textOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    // An app can throw anything, even an object without a text: `Object.create(null)`.
    return typeof cause;
  }
}
