import { createHash, randomUUID } from 'node:crypto';
import { PROTOCOL_RANGE } from './protocol.js';

/** The member at the other end of a connection, as its greeting names it. */
export interface RemoteMember {
  readonly id: string;
  readonly instanceId: string;
}

/** The identity of this member, for greetings in both directions. Its server and its peers share the object. */
export class MemberIdentity {
  /** The `host:port` at which others reach this member. Empty until it listens, because it may listen on any port. */
  id = '';

  constructor(
    readonly group: string,
    /** Random per process: tells a restarted member from an earlier process at the same address. */
    readonly instanceId: string = randomUUID(),
    /** Tells the store of this member from other stores. Known when the store is open. */
    private readonly storeIdentity: () => string = () => '',
    /** The versions that it speaks: during a rolling update there are two ranges. */
    readonly protocol = PROTOCOL_RANGE,
  ) {}

  /** A digest of the store for the greeting, which must not reveal the store's name and address. */
  get store(): string {
    return createHash('sha256').update(this.storeIdentity()).digest('base64url').slice(0, 16);
  }
}
