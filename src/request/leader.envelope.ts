import { HedgeError } from '../errors/index.js';
import { type KnownLeader, NOT_THE_LEADER } from '../leader/index.js';
import type { MessageHeaders } from '../messaging/index.js';
import { isTokenText } from '../session/index.js';

/** What travels to the leader around the user's data: short names, for it goes with every message. */
export interface LeaderEnvelope {
  /** data */
  readonly d: unknown;
  /** the newest term the sender knows of: its token, in decimal */
  readonly t: string;
  /** ms the sender will still wait */
  readonly w: number;
  /** headers, for those who trace messages */
  readonly h?: MessageHeaders | undefined;
}

/** What a member answers that does not lead, or is about to stop. Nothing was done. */
interface RefusalPayload {
  readonly refused: true;
  /** The leader it knows, and that leader's token in decimal. */
  readonly leader?: string;
  readonly token?: string;
}

export function isEnvelope(data: unknown): data is LeaderEnvelope {
  if (typeof data !== 'object' || data === null) return false;
  const { t, w } = data as Partial<LeaderEnvelope>;
  return isTokenText(t) && typeof w === 'number' && w >= 0;
}

export function refusalOf(id: string, leader: KnownLeader | undefined): HedgeError {
  const known = leader && { leader: leader.id, token: `${leader.token}` };
  const error: RefusalPayload = { refused: true, ...known };
  return new HedgeError('NOT_LEADER', NOT_THE_LEADER(id, leader?.id), { error });
}

/** @returns the leader it names, if any; undefined where the error is no refusal */
export function readRefusal(error: unknown): { leader: KnownLeader | undefined } | undefined {
  if (!(error instanceof HedgeError) || error.code !== 'NOT_LEADER') return undefined;
  const { refused, leader, token } = (error.error ?? {}) as Partial<RefusalPayload>;
  if (refused !== true) return undefined;
  const isNamed = typeof leader === 'string' && isTokenText(token);
  return { leader: isNamed ? { id: leader, token: BigInt(token) } : undefined };
}
