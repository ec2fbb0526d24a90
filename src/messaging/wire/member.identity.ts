import { createHash, randomUUID } from 'node:crypto';
import { PROTOCOL_RANGE } from './protocol.js';

/** The member at the other end of a connection, as its hello named it. */
export interface RemoteMember {
  readonly id: string;
  readonly instanceId: string;
}

/**
 * Who this member is, as it greets others and as others greet it. One object is shared by the server and
 * the peers of a member.
 */
export class MemberIdentity {
  /** The `host:port` others reach this member at. Empty until it listens: port 0 is settled only then. */
  id = '';

  constructor(
    readonly group: string,
    /** Random per process: tells a restarted member from the one that had its address before. */
    readonly instanceId: string = randomUUID(),
    /** What tells the store of this member from others; known only once that is open. */
    private readonly storeIdentity: () => string = () => '',
    /** What it speaks: a rolling update has two ranges side by side. */
    readonly protocol = PROTOCOL_RANGE,
  ) {}

  /** Stands for the store in a greeting: its name and place are nobody's business. */
  get store(): string {
    return createHash('sha256').update(this.storeIdentity()).digest('base64url').slice(0, 16);
  }
}
