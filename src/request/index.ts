export { LeaderClient } from './leader.client.js';
export { LeaderMessageRegistrar } from './leader-message.registrar.js';
export { LeaderRoutes, type LeaderRequest } from './leader.routes.js';
export { MessageSender, type SendOptions } from './message.sender.js';
export { OnLeaderMessage } from './on-leader-message.decorator.js';
export { OnLeaderStream } from './on-leader-stream.decorator.js';
export { StreamSender } from './stream.sender.js';
