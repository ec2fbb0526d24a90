/**
 * ms for the other members to take in a last notice: that the leader's lock is free, that this member leaves, that it
 * gave its locks back. A member that misses it finds out by its closed connection, or when a lease ends.
 */
export const NOTICE_TIMEOUT = 250;
