/**
 * Liveness and readiness. Needs `@nestjs/terminus`.
 *
 * @module nestjs-hedge/terminus
 */
export { HedgeHealthIndicator, type ReadinessOptions } from './hedge.health.js';
