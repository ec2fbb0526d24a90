export { BroadcastRegistrar, type BroadcastRegistrarParts } from './broadcast.registrar.js';
export type { BroadcastOptions, BroadcastReply } from './broadcast.types.js';
export { Broadcaster, type BroadcasterParts } from './broadcaster.js';
export { OnBroadcast } from './on-broadcast.decorator.js';
