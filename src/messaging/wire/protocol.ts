import type { PacketMetadata } from '@nestjs/microservices';
import { isCredit } from './credit.units.js';

/**
 * What members send each other. A frame is Nest's: the length of the JSON in UTF-16 units, `#`, the JSON.
 *
 * The caller is the member that dialled; the other member answers:
 * - `{ id, pattern, data }`: a request. Ids rise within a connection.
 * - `{ id, response, isDisposed }` or `{ id, err, isDisposed }`: its reply.
 * - `{ cancel: id }` from the caller: it waits for the reply no longer.
 * - `{ goaway: id }` from the other member: it closes, and has not read the requests after this one.
 *
 * A request with `stream: { credit, input? }` is answered with many values:
 * - `{ id, accepted }`: the handler begins. Until then a refusal means that nothing was done.
 * - `{ id, response }`: a value. `{ id, isDisposed }` or `{ id, err, isDisposed }`: the end.
 * - `{ grant: id, units }` from the caller: it takes more values, by their units (see stream.credit.ts).
 * With `input`, the caller sends values too, none before it has credit:
 * - `{ id, item }`: a value. `{ id, end, err? }`: the end.
 * - `{ grant: id, units }` from the other member: it takes more. `{ cancel: id }`: it takes no more.
 *
 * A frame about a request that has ended is ignored: it crossed with the end.
 * @internal
 */

/** The longest greeting that is read, in UTF-16 units. Greetings with real host names and groups are far shorter. */
export const MAX_HELLO_LENGTH = 8 * 1024;

/** How many requests of one connection may be without a reply, on either side of it. */
export const MAX_PENDING = 65_536;

/** Rises with each change of the protocol that the other side must know of. */
export const PROTOCOL_VERSION = 1;

/** The oldest version that this version still talks to: a rolling update runs two versions side by side. */
export const MIN_PROTOCOL_VERSION = 1;

/** The versions that a member speaks. */
export interface ProtocolRange {
  readonly version: number;
  readonly minVersion: number;
}

export const PROTOCOL_RANGE: ProtocolRange = {
  version: PROTOCOL_VERSION,
  minVersion: MIN_PROTOCOL_VERSION,
};

/** The first frame of every connection. */
export const HELLO_ROUTE = 'hedge:hello';

/** The id of the greeting. Ids of requests start above it. */
export const HELLO_PACKET_ID = 0;

export interface Hello extends ProtocolRange {
  readonly group: string;
  /** A digest of its store: groups in two databases may have the same name. */
  readonly store: string;
  readonly instanceId: string;
  /** The id of the member that dials. */
  readonly from: string;
  /** The id of the member that it means to reach: another member may have the address by now. */
  readonly to: string;
}

export interface HelloReply {
  /** The newest version that both sides speak. */
  readonly version: number;
  readonly instanceId: string;
  readonly id: string;
}

export type RequestId = number | string;

/** Makes a request ask for many values. */
export interface StreamTerms {
  /** The units of values that the caller takes at first. */
  readonly credit: number;
  /** The caller sends values, too. */
  readonly input?: true;
}

export interface RequestPacket {
  readonly id: RequestId;
  readonly pattern: string;
  readonly data?: unknown;
  /** Set by instrumentation through Nest's dispatch hook. */
  readonly metadata?: PacketMetadata;
  readonly stream?: StreamTerms;
}

/** A request before its connection has numbered it. */
export type UnnumberedPacket = Omit<RequestPacket, 'id'>;

/** An error at the other side. */
export interface RemoteFailure {
  readonly code: string;
  readonly message: string;
  readonly error?: unknown;
}

export interface ReplyPacket {
  readonly id: RequestId;
  readonly response?: unknown;
  readonly err?: RemoteFailure;
  /** The last reply to the request, as in Nest. */
  readonly isDisposed?: true;
  readonly accepted?: true;
}

export interface CancelPacket {
  readonly cancel: RequestId;
}

export interface GrantPacket {
  readonly grant: RequestId;
  readonly units: number;
}

export interface ItemPacket {
  readonly id: RequestId;
  readonly item: unknown;
}

export interface EndPacket {
  readonly id: RequestId;
  readonly end: true;
  readonly err?: RemoteFailure;
}

export interface GoawayPacket {
  /** The last request that was read, 0 if none was. */
  readonly goaway: number;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isRequestPacket(value: unknown): value is RequestPacket {
  if (!isRecord(value)) return false;
  const { id, pattern, stream } = value;
  return typeof pattern === 'string' && isId(id) && (stream === undefined || isTerms(stream));
}

function isTerms(value: unknown): boolean {
  return (
    isRecord(value) && isCredit(value.credit) && (value.input === undefined || value.input === true)
  );
}

export function isCancel(value: object): value is CancelPacket {
  return 'cancel' in value && isId(value.cancel);
}

export function isGrant(value: object): value is GrantPacket {
  return 'grant' in value && isId(value.grant) && 'units' in value && isCredit(value.units);
}

export function isItem(value: object): value is ItemPacket {
  return 'item' in value && 'id' in value && isId(value.id);
}

export function isEnd(value: object): value is EndPacket {
  return 'end' in value && value.end === true && 'id' in value && isId(value.id);
}

export function isGoaway(value: object): value is GoawayPacket {
  return 'goaway' in value && Number.isSafeInteger(value.goaway);
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'number' || typeof value === 'string';
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

/** The newest version in both ranges, or `undefined`. */
export function commonVersion(one: ProtocolRange, other: ProtocolRange): number | undefined {
  const version = Math.min(one.version, other.version);
  return version >= Math.max(one.minVersion, other.minVersion) ? version : undefined;
}
