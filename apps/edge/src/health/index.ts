export type { ConditionState, EndpointCondition, HealthView } from './endpoint-condition.js';
