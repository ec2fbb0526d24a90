export { permitPlace } from './permit.place.js';
