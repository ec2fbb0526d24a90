export { AppHooks } from './app.hooks.js';
export { invokeBounded, lastReply, type HandlerBounds } from './bounded.handler.js';
export { HandlerExplorer, type DiscoveredHandler } from './handler.explorer.js';
export {
  HandlerFactory,
  type AroundHandler,
  type HandlerFactoryOptions,
  type PipelinedHandler,
} from './handler.factory.js';
export { LEAVING } from './handlers.messages.js';
export { HedgeContext } from './hedge.context.js';
export { MessageKind } from './message.kind.js';
export { patternOf, routeOf, type Pattern } from './pattern.js';
export { PatternRegistry, type PatternHandler } from './pattern.registry.js';
export { ReplyDeadline } from './reply.deadline.js';
export { RunningHandlers } from './running.handlers.js';
