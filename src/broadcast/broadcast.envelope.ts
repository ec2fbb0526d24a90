import type { MessageHeaders } from '../messaging/index.js';

/** What travels to each member around the user's data: short names, for it goes with every message. */
export interface BroadcastEnvelope {
  /** data */
  readonly d: unknown;
  /** ms the sender will still wait */
  readonly w: number;
  /** headers, for those who trace messages */
  readonly h?: MessageHeaders | undefined;
}

/** Users' broadcasts travel under this prefix, apart from the library's own messages. */
export const BROADCAST_ROUTE = 'broadcast:';

export function isBroadcastEnvelope(data: unknown): data is BroadcastEnvelope {
  if (typeof data !== 'object' || data === null) return false;
  const { w } = data as Partial<BroadcastEnvelope>;
  return typeof w === 'number' && w >= 0;
}
