export { QueueLine } from './queue.line.js';
export { QueueRoutes } from './queue.routes.js';
