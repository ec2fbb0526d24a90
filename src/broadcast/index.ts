export { BroadcastRegistrar, type BroadcastRegistrarPorts } from './broadcast.registrar.js';
export type { BroadcastOptions, BroadcastReply } from './broadcast.types.js';
export { Broadcaster, type BroadcasterPorts } from './broadcaster.js';
export { OnBroadcast } from './on-broadcast.decorator.js';
