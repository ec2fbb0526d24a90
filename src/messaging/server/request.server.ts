import type { RequestPacket } from '../wire/protocol.js';
import type { Caller } from './caller.js';

/**
 * Answers the requests of one route. Of an Observable or an async iterable the last value is the reply, or, where the
 * caller takes many, each of them. What it throws reaches the caller: a `HedgeError` as it is, an RPC payload as
 * HANDLER_ERROR, any other `Error` masked and logged.
 */
export type MessageHandler = (data: unknown, caller: Caller) => unknown;

/** What answers the requests of all connections. */
export interface RequestServer {
  readonly id: string;
  /** How many requests of one connection are answered at a time. */
  readonly maxPending: number;
  handlerOf(route: string): MessageHandler | undefined;
  /** The frame that tells a caller of an error. What the caller learns nothing of is logged here. */
  failureOf(packet: RequestPacket, error: unknown): string;
}
