import type { PacketMetadata } from '@nestjs/microservices';

/**
 * What travels between members. A frame is Nest's: the length of the JSON in UTF-16 units, `#`, the JSON.
 * @internal
 */

/** Raised when what members say to each other changes in a way the other side must know. */
export const PROTOCOL_VERSION = 1;

/** The oldest version this one still talks to: a rolling update has two versions side by side. */
export const MIN_PROTOCOL_VERSION = 1;

/** The first frame of every connection. */
export const HELLO_ROUTE = 'hedge:hello';

/** Its reply comes before any request, so the ids of requests start above it. */
export const HELLO_PACKET_ID = 0;

export interface Hello {
  readonly version: number;
  readonly minVersion: number;
  readonly group: string;
  /** A digest of what its store is: two databases may well have a group of one name. */
  readonly store: string;
  readonly instanceId: string;
  /** The id of the member that dials. */
  readonly from: string;
  /** The id of the member it means to reach: an address may have passed on to another. */
  readonly to: string;
}

export interface HelloReply {
  /** The newest version both sides speak. */
  readonly version: number;
  readonly instanceId: string;
  readonly id: string;
}

export interface RequestPacket {
  readonly id: number | string;
  readonly pattern: string;
  readonly data?: unknown;
  /** Set by instrumentation through Nest's dispatch hook. */
  readonly metadata?: PacketMetadata;
}

/** What went wrong at the other side. */
export interface RemoteFailure {
  readonly code: string;
  readonly message: string;
  readonly error?: unknown;
}

export interface ReplyPacket {
  readonly id: number | string;
  readonly response?: unknown;
  readonly err?: RemoteFailure;
  readonly isDisposed: true;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isRequestPacket(value: unknown): value is RequestPacket {
  if (!isRecord(value)) return false;
  const { id, pattern } = value;
  return typeof pattern === 'string' && (typeof id === 'number' || typeof id === 'string');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isHello(value: unknown): value is Hello {
  if (!isRecord(value)) return false;
  const { version, minVersion, group, store, instanceId, from, to } = value;
  return (
    [version, minVersion].every(Number.isSafeInteger) &&
    [group, store, instanceId, from, to].every(isText)
  );
}

/** The newest version that both ranges hold, or `undefined`. */
export function commonVersion(hello: Hello): number | undefined {
  const version = Math.min(hello.version, PROTOCOL_VERSION);
  return version >= Math.max(hello.minVersion, MIN_PROTOCOL_VERSION) ? version : undefined;
}
