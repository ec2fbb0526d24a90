import type { Database, v1 } from '@google-cloud/spanner';
import { HedgeError } from '../../errors/index.js';
import { INVALID_EMULATOR_HOST } from './spanner.messages.js';
import type { SpannerDatabaseName } from './spanner.database-name.js';
import { spannerDatabaseName } from './spanner.options.js';
import type { SpannerPackage } from './spanner.package.js';

/** The options of the package's generated clients: credentials, endpoint and gRPC channel options. */
export type ClientOptions = NonNullable<ConstructorParameters<typeof v1.SpannerClient>[0]> & {
  [option: string]: unknown;
};

export interface SpannerTarget {
  readonly name: SpannerDatabaseName;
  readonly options: ClientOptions;
  /** Only the emulator is reached without TLS. */
  readonly isEmulator: boolean;
}

/** The parts of the `Spanner` of a ready `Database`. */
interface Veneer {
  readonly options: ClientOptions;
  readonly auth: { getProjectId(): Promise<string> };
}

/**
 * `keepalive`: it notices a silently dropped connection in 25 s instead of never. Real Spanner accepts pings every 20
 * s. `backoff`: 0.1–1 s instead of gRPC's 1–120 s, because a lease waits for it. `retries`: the protocol above decides
 * about repetitions. `subchannel_pool`: a new client that replaces a silent client needs its own TCP connection.
 */
const CHANNEL_OPTIONS: ClientOptions = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
};

/** The package's pool of channels, which binds sessions to channels. This store has its own pool of sessions. */
const CHANNEL_POOL_OPTIONS = [
  'grpc.callInvocationTransformer',
  'grpc.channelFactoryOverride',
  'grpc.gcpApiConfig',
];

/** The target of a database name: the emulator, if SPANNER_EMULATOR_HOST is set. */
export function targetOfName(path: string, { spanner, grpc }: SpannerPackage): SpannerTarget {
  const name = spannerDatabaseName(path);
  const emulator = emulatorHost(spanner);
  // Without `new Spanner()`, which sets process-wide state (whether *all* clients export metrics).
  return target(name, {
    ...(emulator && {
      servicePath: emulator.endpoint,
      port: emulator.port,
      sslCreds: grpc.credentials.createInsecure(),
    }),
  });
}

const UNKNOWN_PROJECT = '{{projectId}}';

/** The target of a ready `Database`, with its credentials. */
export async function targetOfDatabase(database: Database): Promise<SpannerTarget> {
  const veneer = veneerOf(database);
  let path = nameOf(database);
  // A `new Spanner()` without a project id looks it up at its first request.
  if (path.includes(UNKNOWN_PROJECT)) {
    path = path.replace(UNKNOWN_PROJECT, await veneer.auth.getProjectId());
  }
  return target(spannerDatabaseName(path), veneer.options);
}

function target(name: SpannerDatabaseName, given: ClientOptions): SpannerTarget {
  return {
    name,
    options: clientOptions({ ...given, projectId: name.project }),
    isEmulator: isInsecure(given['sslCreds']),
  };
}

function clientOptions(given: ClientOptions): ClientOptions {
  const options: ClientOptions = {
    ...given,
    ...CHANNEL_OPTIONS,
    // It would retry streams on its own, and it spins on an endpoint that refuses connections.
    gaxServerStreamingRetries: false,
  };
  for (const option of CHANNEL_POOL_OPTIONS) delete options[option];
  if (isInsecure(options['sslCreds'])) {
    // Otherwise it searches for credentials, even on the network, and an emulator never reads them.
    const universeDomain = options['universeDomain'] ?? 'googleapis.com';
    options['clientOptions'] = Object.assign({ universeDomain }, options['clientOptions']);
  }
  return options;
}

function isInsecure(credentials: ClientOptions['sslCreds']): boolean {
  // oxlint-disable-next-line no-underscore-dangle -- gRPC says it nowhere else
  return credentials?._isSecure() === false;
}

/** The name of a ready `Database`. Until its project is looked up, the name holds {@link UNKNOWN_PROJECT}. */
export function nameOf(database: Database): string {
  // oxlint-disable-next-line no-underscore-dangle -- public all the same
  return database.formattedName_;
}

function veneerOf(database: Database): Veneer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package types both parents as any
  return database.parent.parent as Veneer;
}

function emulatorHost(spanner: SpannerPackage['spanner']) {
  try {
    return spanner.Spanner.getSpannerEmulatorHost();
  } catch (error) {
    const host = process.env['SPANNER_EMULATOR_HOST'];
    throw new HedgeError('INVALID_OPTIONS', INVALID_EMULATOR_HOST(host), { cause: error });
  }
}
