export type { BookEntry } from './book.js';
export type { FaultOrder, ReplayOrder } from './control.js';
export { spawnSimulator, startSimulator } from './simulator.js';
export type { Simulator, SimulatorOptions } from './simulator.js';
export { tokensOf } from './tokens.js';
