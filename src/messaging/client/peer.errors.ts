import { HedgeError } from '../../errors/index.js';
import { CONNECTION_LOST, UNREACHABLE } from './client.messages.js';

/**
 * The request never left this process: nothing listens there, the member refused the greeting, or the connection took too
 * long. It is safe to repeat the request, there or elsewhere.
 */
export class PeerUnreachableError extends HedgeError {
  readonly sent = false;

  constructor(
    readonly peer: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super('CONNECTION_LOST', UNREACHABLE(peer, reason), options);
  }
}

/**
 * The request may have left, and the connection closed before the reply: the outcome is unknown. Only an idempotent
 * request may be repeated.
 */
export class PeerLostError extends HedgeError {
  readonly sent = true;

  constructor(
    readonly peer: string,
    route: string,
    options?: ErrorOptions,
  ) {
    super('CONNECTION_LOST', CONNECTION_LOST(peer, route), options);
  }
}
