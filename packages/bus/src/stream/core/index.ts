export { SUPERSEDED, isGivenUp, type Delivery } from './delivery.js';
export { StreamFailure, busFailure, type StreamOutcome } from './failure.js';
export { STREAM_TIMERS, type StreamTimers } from './timers.js';
export type { StreamCounters } from './ports.js';
export * from './limits.js';
