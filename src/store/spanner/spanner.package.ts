import { createRequire } from 'node:module';
import type { v1 } from '@google-cloud/spanner';
import { HedgeError } from '../../errors/index.js';
import { PACKAGE_MISSING, PACKAGE_UNUSABLE } from './spanner.messages.js';

/** The parts of `@google-cloud/spanner` and of its gRPC that the store uses. */
export interface SpannerPackage {
  readonly spanner: typeof import('@google-cloud/spanner');
  readonly grpc: Grpc;
}

/** The package has no types for them by name. */
export type ChannelCredentials = NonNullable<
  NonNullable<ConstructorParameters<typeof v1.SpannerClient>[0]>['sslCreds']
>;

/** The parts of `@grpc/grpc-js` that the store uses. */
export interface Grpc {
  readonly credentials: { createInsecure(): ChannelCredentials };
  readonly Metadata: new () => GrpcMetadata;
}

export interface GrpcMetadata {
  set(key: string, value: string): void;
}

const requireFromHere = createRequire(import.meta.url);

/**
 * Loads `@google-cloud/spanner` (half a second, 60 MB) when a store is opened, not when this module is imported.
 *
 * Synchronously, although `import()` would do: the package registers SIGINT and SIGTERM listeners that never exit,
 * so an app with it ignores both. Those it added are told from the app's own by comparing before and after, and
 * that is exact only if nothing else runs in between.
 */
export function loadSpannerPackage(
  load: (id: string) => unknown = requireFromHere,
): SpannerPackage {
  const before = (['SIGINT', 'SIGTERM'] as const).map(
    (signal) => [signal, process.listeners(signal)] as const,
  );
  try {
    const spanner = load('@google-cloud/spanner');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- require() has no types
    return { spanner, grpc: loadGrpc() } as SpannerPackage;
  } catch (error) {
    throw loadError(error);
  } finally {
    for (const [signal, own] of before) {
      const added = process.listeners(signal).filter((listener) => !own.includes(listener));
      for (const listener of added) process.removeListener(signal, listener);
    }
  }
}

/** Spanner's own copy: credentials and metadata of another one would not be recognized. */
function loadGrpc(): unknown {
  const requireFromSpanner = createRequire(requireFromHere.resolve('@google-cloud/spanner'));
  return requireFromSpanner('google-gax').grpc;
}

function loadError(error: unknown): HedgeError {
  const message = error instanceof Error ? error.message : String(error);
  const missing = /^Cannot find (module|package)/.test(message);
  const text =
    missing && message.includes("'@google-cloud/spanner'")
      ? PACKAGE_MISSING
      : PACKAGE_UNUSABLE(message);
  return new HedgeError('INVALID_OPTIONS', text, { cause: error });
}
