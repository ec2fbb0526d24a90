export { HedgeHealthIndicator, type ReadinessOptions } from './hedge.health.js';
