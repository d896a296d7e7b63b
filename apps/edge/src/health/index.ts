export type { ConditionState, EndpointCondition, HealthView } from './endpoint-condition.js';
export { HealthModule } from './health.module.js';
export { HealthStore } from './health.store.js';
