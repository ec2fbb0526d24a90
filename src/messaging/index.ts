export { findOwnHost, formatAddress, parseAddress, parsePeerAddress } from './wire/address.js';
export { HedgeStream } from './streams/hedge.stream.js';
export { DEFAULT_SOCKET_LIMITS, type SocketLimits } from './wire/hedge.socket.js';
export { MemberIdentity } from './wire/member.identity.js';
export { assertInEnvelope, EncodedData } from './wire/message.codec.js';
export type { Caller, CallerStream } from './server/caller.js';
export type { MessageHandler } from './server/request.server.js';
export type { MessageHeaders } from './wire/message.headers.js';
export { MessageServer, type MessageServerOptions } from './server/message.server.js';
export {
  MessageTracing,
  type MessageSpan,
  type MessageTrace,
  type MessageTracer,
  type TracedMessage,
} from './message.tracing.js';
export { checkTls, type HedgeTlsOptions } from './security/mutual.tls.js';
export type { PeerStream, StreamRequest } from './client/outgoing.stream.js';
export { MALFORMED_REQUEST } from './wire/wire.messages.js';
export type { Network } from './wire/network.js';
export { PeerLostError, PeerUnreachableError } from './client/peer.errors.js';
export {
  Peers,
  type PeerChannel,
  type PeerCloseListener,
  type PeerRequestOptions,
  type PeerStreamOptions,
  type PeersOptions,
} from './client/peers.js';
export { isRecord } from './wire/protocol.js';
export { isNestedTooDeep } from './wire/nesting.js';
export { portWarnings, securePort, type PortSecurityOptions } from './security/port.security.js';
export type { PortSecurity } from './security/port.tls.js';
export { checkSecret } from './security/secret.keys.js';
export { StreamReader } from './streams/stream.reader.js';
export {
  isMany,
  isStreamSource,
  NO_BACKPRESSURE,
  observe,
  type Backpressure,
  type Many,
  type StreamSource,
} from './wire/stream.source.js';
