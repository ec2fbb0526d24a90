import type { PacketMetadata } from '@nestjs/microservices';
import { isCredit } from './stream.credit.js';

/**
 * What travels between members. A frame is Nest's: the length of the JSON in UTF-16 units, `#`, the JSON.
 *
 * The member that dialled asks, the other answers:
 * - `{ id, pattern, data }`: a request. Ids rise within a connection.
 * - `{ id, response, isDisposed }` or `{ id, err, isDisposed }`: its reply.
 * - `{ cancel: id }` from the asker: nobody waits for the reply any more.
 * - `{ goaway: id }` from the other: it closes, and the requests after this one were not read.
 *
 * A request with `stream: { credit, input? }` is answered with many values:
 * - `{ id, accepted }`: the handler begins; until then a refusal means that nothing was done.
 * - `{ id, response }`: a value. `{ id, isDisposed }` or `{ id, err, isDisposed }`: the end.
 * - `{ grant: id, units }` from the asker: as many more units of values may be sent (see stream.credit.ts).
 * With `input`, the asker sends values too, none before it was granted credit:
 * - `{ id, item }`: a value. `{ id, end, err? }`: the end.
 * - `{ grant: id, units }` and `{ cancel: id }` from the other: it takes more, or none any more.
 *
 * Frames about a request that has ended cross with its end: they are ignored.
 * @internal
 */

/** The longest greeting that is read, in UTF-16 units; host names and groups leave it far below. */
export const MAX_HELLO_LENGTH = 8 * 1024;

/** How many requests of one connection may be without an answer, on either side of it. */
export const MAX_PENDING = 65_536;

/** Raised when what members say to each other changes in a way the other side must know. */
export const PROTOCOL_VERSION = 1;

/** The oldest version this one still talks to: a rolling update has two versions side by side. */
export const MIN_PROTOCOL_VERSION = 1;

/** What one member speaks. */
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

/** Its reply comes before any request, so the ids of requests start above it. */
export const HELLO_PACKET_ID = 0;

export interface Hello extends ProtocolRange {
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

export type RequestId = number | string;

/** What makes a request one for many values. */
export interface StreamTerms {
  /** The units of values that the asker takes for a start. */
  readonly credit: number;
  /** It has values to send, too. */
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

/** What went wrong at the other side. */
export interface RemoteFailure {
  readonly code: string;
  readonly message: string;
  readonly error?: unknown;
}

export interface ReplyPacket {
  readonly id: RequestId;
  readonly response?: unknown;
  readonly err?: RemoteFailure;
  /** Left out where more is to come, as in Nest. */
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
  /** The last request that was read, 0 for none. */
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

/** The newest version that both ranges hold, or `undefined`. */
export function commonVersion(one: ProtocolRange, other: ProtocolRange): number | undefined {
  const version = Math.min(one.version, other.version);
  return version >= Math.max(one.minVersion, other.minVersion) ? version : undefined;
}
