import type { MessageHeaders } from '../messaging/index.js';

/** Travels to each member around the app's data. Its names are short, because each message has it. */
export interface BroadcastEnvelope {
  /** data */
  readonly d: unknown;
  /** ms the sender will still wait */
  readonly w: number;
  /** headers, to trace the message */
  readonly h?: MessageHeaders | undefined;
}

/** The prefix of the app's broadcasts, which tells them from the library's own messages. */
export const BROADCAST_ROUTE = 'broadcast:';

export function isBroadcastEnvelope(data: unknown): data is BroadcastEnvelope {
  if (typeof data !== 'object' || data === null) return false;
  const { w } = data as Partial<BroadcastEnvelope>;
  return typeof w === 'number' && w >= 0;
}
