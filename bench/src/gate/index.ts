export { debuggable } from './allocations.js';
export { allocatedKb, brokerMessages, cpuRatio, send, survivingKb, type CpuRatio, type Work } from './request-cost.js';
export { startBareProxy, startUpstream } from '../targets/plain.js';
export { startSwitchyard, type SwitchyardTarget } from '../targets/switchyard.js';
export type { Target } from '../targets/target.js';
export type { Child } from '../child.js';
