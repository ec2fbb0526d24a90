export { semaphoreResource } from './semaphore.resource.js';
export { Permit } from './permit.js';
export { Semaphore } from './semaphore.js';
