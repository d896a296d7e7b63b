export { serviceDefinition, workerDefinition, type Surroundings } from './services.js';
export { loadSecrets, type Secrets } from './secrets.js';
export { startStack, type Stack, type StackOptions } from './stack.js';
export type { ManagedProcess } from './managed-process.js';
