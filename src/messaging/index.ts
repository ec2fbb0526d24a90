export { findOwnHost, formatAddress, parseAddress, parsePeerAddress } from './address.js';
export { invokeBounded, lastReply, type HandlerBounds } from './bounded.handler.js';
export { AppHooks } from './app.hooks.js';
export { HandlerExplorer, type DiscoveredHandler } from './handler.explorer.js';
export {
  HandlerFactory,
  type AroundHandler,
  type HandlerFactoryOptions,
  type PipelinedHandler,
} from './handler.factory.js';
export { HedgeContext } from './hedge.context.js';
export { HedgeStream } from './streams/hedge.stream.js';
export { DEFAULT_SOCKET_LIMITS, type SocketLimits } from './hedge.socket.js';
export { MemberIdentity } from './member.identity.js';
export { assertInEnvelope, EncodedData } from './message.codec.js';
export { MessageKind } from './message.kind.js';
export type { Caller, CallerStream } from './incoming.request.js';
export type { MessageHandler } from './incoming.requests.js';
export type { MessageHeaders } from './message.headers.js';
export { MessageServer, type MessageServerOptions } from './message.server.js';
export {
  MessageTracing,
  type MessageSpan,
  type MessageTrace,
  type MessageTracer,
  type TracedMessage,
} from './message.tracing.js';
export { checkTls, type HedgeTlsOptions } from './port/mutual.tls.js';
export type { PeerStream, StreamRequest } from './streams/outgoing.stream.js';
export type { Network } from './network.js';
export { PatternHandlers, type PatternHandler } from './pattern.handlers.js';
export { routeOf, type Pattern } from './pattern.js';
export { PeerLostError, PeerUnreachableError } from './peer.errors.js';
export {
  Peers,
  type PeerChannel,
  type PeerCloseListener,
  type PeerRequestOptions,
  type PeerStreamOptions,
  type PeersOptions,
} from './peers.js';
export { isNestedTooDeep } from './port/nesting.js';
export {
  portWarnings,
  securePort,
  type PortSecurity,
  type PortSecurityOptions,
} from './port/port.security.js';
export { ReplyDeadline } from './reply.deadline.js';
export { RunningHandlers } from './running.handlers.js';
export { checkSecret } from './port/secret.keys.js';
export { StreamReader } from './streams/stream.reader.js';
export { isStreamSource, type StreamSource } from './streams/stream.source.js';
