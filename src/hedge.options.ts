import { EXPECTED, HedgeError } from './errors/index.js';
import {
  CONFLICTING_OPTIONS,
  DATABASE_REQUIRED,
  LOCK_NAME_REQUIRED,
  STORE_HAS_TABLES,
  UNKNOWN_OPTION,
} from './hedge.messages.js';
import { isGroupName } from './table/index.js';
import type { Surroundings } from './hedge.surroundings.js';
import type { MemberMetadata } from './membership/index.js';
import {
  checkSecret,
  checkTls,
  isNestedTooDeep,
  parseAddress,
  type HedgeTlsOptions,
  type PortSecurityOptions,
} from './messaging/index.js';
import type { HedgeStore } from './store/index.js';
import { LONGEST_TIMER } from './time/index.js';
import { DATABASE_SHAPES, parseDatabase } from './database/index.js';

/** The options of `HedgeModule.forRoot`. */
export interface HedgeModuleOptions {
  /**
   * Spanner: `'projects/p/instances/i/databases/d'`. Embedded, for processes of a single machine: `'sqlite:./hedge.db'`
   * or `'sqlite::memory:'`. @default `'sqlite:./hedge.db'` with a warning. In production, a missing database is an
   * error
   */
  database?: string;
  /**
   * A ready store instead of `database`: `spannerStore(…)` or `sqliteStore(…)`. The app that makes it also closes it.
   */
  store?: HedgeStore;
  /** The name of the group. Required unless the store is embedded. @default 'hedge' */
  lockName?: string;
  /**
   * The address that other members dial: `'host:port'` or `'[::1]:8080'`. `':8080'` finds the host. Port 0 takes any
   * free port. @default ':0', and '127.0.0.1:0' on an embedded store
   */
  address?: string;
  /** The host to bind, if it differs from the host that others dial. @default the host of `address` */
  listenHost?: string;
  /**
   * A secret that only the members of the group know. With it, messages are encrypted and only members can connect (TLS
   * with pre-shared keys). Use at least 16 random characters: `openssl rand -base64 32`. Use a list to rotate the
   * secret: the member dials with the first and accepts all. @default none: plain TCP
   */
  secret?: string | readonly string[];
  /** Mutual TLS with certificates, instead of `secret`. */
  tls?: HedgeTlsOptions;
  /** @default 'locktable' */
  lockTable?: string;
  /** @default 'logtable' */
  logTable?: string;
  /** Create missing tables at the start. The embedded store always creates them. @default false */
  createTables?: boolean;
  /** ms, from 1,000 to 3,600,000. After a crash, the group has no leader for about this time. @default 10,000 */
  leaseDuration?: number;
  /** ms. @default 2 × leaseDuration, so that a request outlives a change of leader */
  requestTimeout?: number;
  /** ms that running message handlers get at a shutdown. @default 5,000 */
  drainTimeout?: number;
  /** False for a member that must never lead (a script, a CLI). @default true */
  candidate?: boolean;
  /**
   * JSON that the other members see in `members()`: `{ url: 'https://…' }`. At most 4,096 characters and 100 levels.
   * @default {}
   */
  metadata?: MemberMetadata;
  /**
   * Whether the app's global guards, pipes, interceptors and filters apply to message handlers, as in
   * `connectMicroservice`. @default false
   */
  inheritAppConfig?: boolean;
  /**
   * Clocks and a network for specs, instead of those of the process.
   * @internal
   */
  surroundings?: Surroundings;
}

/** The store that `database` or `store` selects. */
export type StoreChoice =
  | { readonly kind: 'ready'; readonly store: HedgeStore }
  | { readonly kind: 'spanner'; readonly database: string }
  | { readonly kind: 'sqlite'; readonly file: string; readonly isDefault: boolean };

/** Every option, validated and defaulted. */
export interface ResolvedOptions {
  readonly store: StoreChoice;
  readonly tables: { lockTable?: string; logTable?: string; createTables?: boolean };
  readonly group: string;
  readonly host: string | undefined;
  readonly port: number;
  readonly listenHost: string | undefined;
  readonly security: PortSecurityOptions;
  readonly leaseDuration: number;
  readonly requestTimeout: number;
  readonly drainTimeout: number;
  readonly candidate: boolean;
  readonly metadata: MemberMetadata;
  readonly inheritAppConfig: boolean;
  readonly surroundings: Surroundings | undefined;
}

/** The `typeof` of each option, or 'any' for options that another function checks. */
const KNOWN = {
  database: 'string',
  store: 'object',
  lockName: 'string',
  address: 'string',
  listenHost: 'string',
  secret: 'any',
  tls: 'any',
  lockTable: 'string',
  logTable: 'string',
  createTables: 'boolean',
  leaseDuration: 'number',
  requestTimeout: 'number',
  drainTimeout: 'number',
  candidate: 'boolean',
  metadata: 'object',
  inheritAppConfig: 'boolean',
} satisfies Record<Exclude<keyof HedgeModuleOptions, 'surroundings'>, string>;

/** As `KNOWN`, with the internal options. */
const ACCEPTED = { ...KNOWN, surroundings: 'object' };

/** Characters of JSON. Every member keeps the metadata of all others. */
const LONGEST_METADATA = 4_096;
/** Levels of JSON. Messages have a limit too, and a member list with deeper metadata would reach no member. */
const DEEPEST_METADATA = 100;

const LEAST_LEASE = 1_000;
/** An hour: no app can be without a leader for longer. */
const LONGEST_LEASE = 3_600_000;

/** @throws HedgeError `INVALID_OPTIONS` */
export function resolveOptions(
  options: HedgeModuleOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): ResolvedOptions {
  checkTypes(options);
  const store = chooseStore(options, env);
  const isEmbedded = store.kind === 'sqlite' || (store.kind === 'ready' && store.store.isEmbedded);
  const leaseDuration = milliseconds(options, 'leaseDuration', 10_000, LEAST_LEASE, LONGEST_LEASE);
  const { address = isEmbedded ? '127.0.0.1:0' : ':0' } = options;
  const { host, port } = parseAddress(address);
  const { lockTable, logTable, createTables } = options;
  return {
    store,
    tables: { lockTable, logTable, createTables },
    group: groupOf(options, isEmbedded ?? false),
    host,
    port,
    listenHost: options.listenHost,
    security: securityOf(options),
    leaseDuration,
    requestTimeout: milliseconds(options, 'requestTimeout', 2 * leaseDuration, 1),
    drainTimeout: milliseconds(options, 'drainTimeout', 5_000, 0),
    candidate: options.candidate ?? true,
    metadata: metadataOf(options),
    inheritAppConfig: options.inheritAppConfig ?? false,
    surroundings: options.surroundings,
  };
}

function checkTypes(options: unknown): asserts options is HedgeModuleOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw expected('options', 'an object', options);
  }
  for (const [field, value] of Object.entries(options)) {
    if (!Object.hasOwn(ACCEPTED, field)) throw invalid(UNKNOWN_OPTION(field, Object.keys(KNOWN)));
    const type: string = ACCEPTED[field as keyof typeof ACCEPTED];
    if (type !== 'any' && value !== undefined && (typeof value !== type || value === null)) {
      throw expected(field, `a${type === 'object' ? 'n' : ''} ${type}`, value);
    }
  }
}

function chooseStore(options: HedgeModuleOptions, env: NodeJS.ProcessEnv): StoreChoice {
  const { database, store } = options;
  if (store !== undefined) {
    if (database !== undefined) throw invalid(CONFLICTING_OPTIONS('database', 'store'));
    for (const field of ['lockTable', 'logTable', 'createTables'] as const) {
      if (options[field] !== undefined) throw invalid(STORE_HAS_TABLES(field));
    }
    if (!isStore(store)) throw expected('store', 'a HedgeStore', store);
    return { kind: 'ready', store };
  }
  if (database === undefined) {
    const isProduction = env['NODE_ENV'] === 'production' || env['KUBERNETES_SERVICE_HOST'];
    if (isProduction) throw invalid(DATABASE_REQUIRED);
    return { kind: 'sqlite', file: './hedge.db', isDefault: true };
  }
  const name = parseDatabase(database);
  if (!name) throw expected('database', DATABASE_SHAPES, database);
  return name.kind === 'sqlite' ? { ...name, isDefault: false } : name;
}

function isStore(store: object): store is HedgeStore {
  const { open, commit, transact, rows, entries, outcome, close } = store as Partial<HedgeStore>;
  const methods = [open, commit, transact, rows, entries, outcome, close];
  return methods.every((method) => typeof method === 'function');
}

function securityOf({ secret, tls }: HedgeModuleOptions): PortSecurityOptions {
  if (secret !== undefined && tls !== undefined)
    throw invalid(CONFLICTING_OPTIONS('secret', 'tls'));
  return { secrets: checkSecret(secret), tls: tls === undefined ? undefined : checkTls(tls) };
}

function groupOf({ lockName }: HedgeModuleOptions, isEmbedded: boolean): string {
  if (lockName === undefined) {
    if (isEmbedded) return 'hedge';
    throw invalid(LOCK_NAME_REQUIRED);
  }
  if (isGroupName(lockName)) return lockName;
  throw expected(
    'lockName',
    "1 to 1,000 characters of text without '#', '/' and NUL, and not 'spindle'",
    lockName,
  );
}

/** A copy as the other members get it, without the fields that JSON leaves out. */
function metadataOf({ metadata = {} }: HedgeModuleOptions): MemberMetadata {
  let json: string | undefined;
  try {
    json = JSON.stringify(metadata);
  } catch {
    // It is circular, or has a bigint in it.
  }
  if (json?.startsWith('{') && json.length <= LONGEST_METADATA) {
    const copy = JSON.parse(json) as MemberMetadata;
    if (!isNestedTooDeep(json, copy, DEEPEST_METADATA)) return Object.freeze(copy);
  }
  const what = `an object that JSON can carry in ${LONGEST_METADATA} characters and ${DEEPEST_METADATA} levels`;
  throw expected('metadata', what, metadata);
}

function milliseconds(
  options: HedgeModuleOptions,
  field: 'leaseDuration' | 'requestTimeout' | 'drainTimeout',
  fallback: number,
  least: number,
  most = LONGEST_TIMER,
): number {
  const { [field]: value = fallback } = options;
  if (Number.isFinite(value) && value >= least && value <= most) return Math.round(value);
  throw expected(field, `a number of ms from ${least} to ${most}`, value);
}

function expected(field: string, what: string, got: unknown): HedgeError {
  return invalid(EXPECTED(field, what, got));
}

function invalid(message: string): HedgeError {
  return new HedgeError('INVALID_OPTIONS', message);
}
