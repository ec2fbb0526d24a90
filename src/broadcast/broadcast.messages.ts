import { shown } from '../errors/index.js';

export const NO_BROADCAST_HANDLER = (id: string, pattern: string) =>
  `Member ${id} has no @OnBroadcast() for ${shown(pattern)}. Is the class that has it a provider or a controller of a module there?`;

export const BROADCAST_CUT_SHORT =
  'The Observable of the handler had not completed when its caller gave up or the app was closed: it was unsubscribed.';
