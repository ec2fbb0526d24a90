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
export { DEFAULT_SOCKET_LIMITS, type SocketLimits } from './hedge.socket.js';
export { MemberIdentity } from './member.identity.js';
export { assertInEnvelope, EncodedData } from './message.codec.js';
export { MessageKind } from './message.kind.js';
export {
  MessageServer,
  type Caller,
  type MessageHandler,
  type MessageServerOptions,
} from './message.server.js';
export { PatternHandlers, type PatternHandler } from './pattern.handlers.js';
export { routeOf, type Pattern } from './pattern.js';
export { PeerLostError, PeerUnreachableError } from './peer.errors.js';
export {
  Peers,
  type PeerChannel,
  type PeerCloseListener,
  type PeerRequestOptions,
  type PeersOptions,
} from './peers.js';
export { ReplyDeadline } from './reply.deadline.js';
export { RunningHandlers } from './running.handlers.js';
