import { shown } from '../errors/index.js';

export const NO_BROADCAST_HANDLER = (id: string, pattern: string) =>
  `Member ${id} has no @OnBroadcast() handler for ${shown(pattern)}. Nothing was done there. Check that the handler's class is a provider or controller of a module in its app.`;

export const BROADCAST_CUT_SHORT =
  "The handler's Observable was unsubscribed before it completed: its caller gave up, or the app shut down.";
