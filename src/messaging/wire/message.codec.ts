import { RpcException } from '@nestjs/microservices';
import { HEDGE_ERROR_STATUS, HedgeError, type HedgeErrorCode } from '../../errors/index.js';
import { isNestedTooDeep, MAX_NESTING } from './nesting.js';
import {
  isRecord,
  type EndPacket,
  type ItemPacket,
  type RemoteFailure,
  type ReplyPacket,
  type RequestId,
  type RequestPacket,
} from './protocol.js';
import { reasonNotSerializable } from './serializable.js';
import { isMany } from './stream.source.js';
import {
  DATA_NOT_SERIALIZABLE,
  HANDLER_FAILED,
  INPUT_SOURCE_FAILED,
  INTERNAL_SERVER_ERROR,
  ITEM_NOT_SERIALIZABLE,
  ITEM_TOO_LARGE,
  MANY_FOR_ONE,
  NESTED_TOO_DEEP,
  NO_JSON,
  REPLY_NOT_SERIALIZABLE,
  REPLY_TOO_LARGE,
  REQUEST_TOO_LARGE,
} from './wire.messages.js';

/** Data that is encoded already, for a request to many members. */
export class EncodedData {
  constructor(readonly json: string) {}
}

/** Characters around the data and the route of a request, those of instrumentation included. */
const REQUEST_OVERHEAD = 1_024;

/** A kind of data, and how an error about it reads. */
interface Payload {
  readonly name: string;
  readonly unfit: HedgeErrorCode;
  readonly tooLarge: HedgeErrorCode;
  readonly unfitText: (route: string, reason: string) => string;
  readonly tooLargeText: (route: string, length: number, limit: number) => string;
}

const DATA: Payload = {
  name: 'data',
  unfit: 'INVALID_ARGUMENT',
  tooLarge: 'PAYLOAD_TOO_LARGE',
  unfitText: DATA_NOT_SERIALIZABLE,
  tooLargeText: REQUEST_TOO_LARGE,
};

const ITEM: Payload = {
  ...DATA,
  name: 'item',
  unfitText: ITEM_NOT_SERIALIZABLE,
  tooLargeText: ITEM_TOO_LARGE,
};

const REPLY: Payload = {
  name: 'reply',
  unfit: 'HANDLER_ERROR',
  // Not PAYLOAD_TOO_LARGE, which says that nothing was sent: the handler has run.
  tooLarge: 'HANDLER_ERROR',
  unfitText: REPLY_NOT_SERIALIZABLE,
  tooLargeText: REPLY_TOO_LARGE,
};

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeData(route: string, data: object, limit: number): EncodedData {
  const dataLimit = limit - REQUEST_OVERHEAD - 2 * route.length;
  return new EncodedData(encode(data, data, DATA, route, dataLimit, MAX_NESTING - 1));
}

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeRequest(packet: RequestPacket, limit: number): string {
  const { pattern: route, data } = packet;
  if (!(data instanceof EncodedData)) return encode(packet, data, DATA, route, limit);
  const head = JSON.stringify({ ...packet, data: undefined });
  const json = `${head.slice(0, -1)},"data":${data.json}}`;
  assertFits(json, DATA, route, limit);
  return json;
}

/**
 * Refuses data that JSON would silently leave out of an envelope, or write as an empty object.
 * @throws HedgeError INVALID_ARGUMENT
 */
export function assertInEnvelope(data: unknown): void {
  if (isMany(data)) throw new HedgeError('INVALID_ARGUMENT', MANY_FOR_ONE);
  if (typeof data !== 'function' && typeof data !== 'symbol') return;
  throw new HedgeError('INVALID_ARGUMENT', NO_JSON('data', typeof data));
}

/**
 * Encodes a value of a stream on its way to the handler.
 * @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function encodeItem(packet: ItemPacket, route: string, limit: number): string {
  return encode(packet, packet.item, ITEM, route, limit);
}

/**
 * Encodes a reply, or a value of a stream on its way from the handler.
 * @throws HedgeError HANDLER_ERROR
 */
export function encodeResponse(packet: ReplyPacket, route: string, limit: number): string {
  return encode(packet, packet.response, REPLY, route, limit);
}

/** @param payload the part of `packet` that the app gave */
function encode(
  packet: object,
  payload: unknown,
  kind: Payload,
  route: string,
  limit: number,
  levels = MAX_NESTING,
): string {
  let json: string;
  try {
    if (typeof payload === 'function' || typeof payload === 'symbol') throw new TypeError();
    json = JSON.stringify(packet);
  } catch (cause) {
    if (isTooLongForString(cause)) {
      throw new HedgeError(kind.tooLarge, kind.tooLargeText(route, Infinity, limit), { cause });
    }
    const reason = reasonNotSerializable(payload, kind.name, cause);
    throw new HedgeError(kind.unfit, kind.unfitText(route, reason), { cause });
  }
  assertFits(json, kind, route, limit);
  if (isNestedTooDeep(json, packet, levels)) {
    throw new HedgeError(kind.unfit, kind.unfitText(route, NESTED_TOO_DEEP(MAX_NESTING)));
  }
  return json;
}

function assertFits({ length }: string, kind: Payload, route: string, limit: number): void {
  if (length <= limit) return;
  throw new HedgeError(kind.tooLarge, kind.tooLargeText(route, length, limit));
}

/** Never throws: a reply that cannot travel becomes a failure that the caller can read. */
export function encodeReply(request: RequestPacket, response: unknown, limit: number): string {
  const { id, pattern: route } = request;
  try {
    return encodeResponse({ id, response, isDisposed: true }, route, limit);
  } catch (error) {
    return encodeFailure(request, describeFailure(route, error).failure, limit);
  }
}

/** Never throws: a payload that is too large or cannot travel is left out. */
export function encodeFailure(
  { id }: Pick<RequestPacket, 'id'>,
  err: RemoteFailure,
  limit: number,
): string {
  return encodeWithFailure({ id, isDisposed: true }, err, limit);
}

/** Encodes the end of a stream's input; with `err`, its failure. Never throws, as {@link encodeFailure}. */
export function encodeEnd(id: RequestId, err: RemoteFailure | undefined, limit: number): string {
  const packet: EndPacket = { id, end: true };
  return err ? encodeWithFailure(packet, err, limit) : JSON.stringify(packet);
}

function encodeWithFailure(
  { id, ...rest }: ReplyPacket | EndPacket,
  err: RemoteFailure,
  limit: number,
): string {
  try {
    const packet = { id, err, ...rest };
    const json = JSON.stringify(packet);
    if (json.length <= limit && !isNestedTooDeep(json, packet)) return json;
  } catch {
    // The payload cannot travel. The code and the text are strings.
  }
  const message = err.message.slice(0, 1_000);
  return JSON.stringify({ id, err: { code: err.code, message }, ...rest });
}

interface FailureDescription {
  readonly failure: RemoteFailure;
  readonly isMasked: boolean;
  /** The stack of a masked error, if it has one. */
  readonly stack?: string | undefined;
}

/**
 * Describes an error as its caller may see it. Never throws. With `isMasked`, the caller sees nothing of the error, as in
 * Nest: log it here.
 */
export function describeFailure(route: string, error: unknown): FailureDescription {
  try {
    return readFailure(route, error);
  } catch {
    // An app can throw anything, even an object whose getters throw.
    return { failure: { code: 'HANDLER_ERROR', message: HANDLER_FAILED(route) }, isMasked: true };
  }
}

function readFailure(route: string, error: unknown): FailureDescription {
  if (error instanceof HedgeError) {
    const { code, message, error: payload } = error;
    return { failure: { code, message, error: payload }, isMasked: false };
  }
  const isMasked = error instanceof Error && !(error instanceof RpcException);
  let payload: unknown = error instanceof RpcException ? error.getError() : error;
  if (isMasked) payload = { status: 'error', message: INTERNAL_SERVER_ERROR };
  return {
    failure: { code: 'HANDLER_ERROR', message: messageOf(payload, route), error: payload },
    isMasked,
    stack: isMasked ? error.stack : undefined,
  };
}

/** Describes the error of a stream's source as the handler may see it. Never throws. */
export function describeInputFailure(route: string, error: unknown): RemoteFailure {
  try {
    if (error instanceof HedgeError) return readFailure(route, error).failure;
    const reason = error instanceof Error ? error.message : '';
    return { code: 'ABORTED', message: INPUT_SOURCE_FAILED(route, reason) };
  } catch {
    return { code: 'ABORTED', message: INPUT_SOURCE_FAILED(route, '') };
  }
}

/** Makes an error of a failure at the other side. */
export function rebuildError(failure: unknown, route: string): HedgeError {
  const { code, message, error } = isRecord(failure) ? failure : {};
  return new HedgeError(
    isErrorCode(code) ? code : 'HANDLER_ERROR',
    typeof message === 'string' ? message : HANDLER_FAILED(route),
    error === undefined ? {} : { error },
  );
}

function isErrorCode(code: unknown): code is HedgeErrorCode {
  return typeof code === 'string' && Object.hasOwn(HEDGE_ERROR_STATUS, code);
}

function messageOf(payload: unknown, route: string): string {
  if (typeof payload === 'string') return payload;
  return isRecord(payload) && typeof payload.message === 'string'
    ? payload.message
    : HANDLER_FAILED(route);
}

/** V8 cannot make strings of half a gigabyte, which is beyond any limit here. */
function isTooLongForString(cause: unknown): boolean {
  return cause instanceof RangeError && cause.message === 'Invalid string length';
}
