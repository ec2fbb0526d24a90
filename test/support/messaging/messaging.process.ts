import { startMessaging } from './messaging.members.js';

/** A member in a process of its own, for tests that stop or kill it. It tells its parent its id. */
const { id } = await startMessaging({ port: Number(process.argv[2] ?? 0) });
process.send?.({ id });
