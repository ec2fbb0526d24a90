// As process 1 of a container, Node ignores a SIGTERM that nobody listens for. While the app is loaded nobody would, and
// whoever stops the container then would wait for the end of its grace period.
const endAtOnce = () => process.exit(143);
process.once('SIGTERM', endAtOnce);
const { createApp } = await import('./create.app.js');
const start = await createApp();
process.removeListener('SIGTERM', endAtOnce);
await start();
