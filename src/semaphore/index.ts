export { permitPlace } from './permit.place.js';
export { Permit } from './permit.js';
export { Semaphore } from './semaphore.js';
