/**
 * Makes a replacement of a function look like the original to Nest: decorators above and below see the same
 * metadata, name and length. Without it a decorator placed above `@Cron()` silently unregisters the cron.
 */
export function copyMetadata(from: Function, to: Function): void {
  for (const key of Reflect.getOwnMetadataKeys(from)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
  }
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(to, property, { value: from[property], configurable: true });
  }
}
