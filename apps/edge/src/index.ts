export { edgeConfig, EdgeConfig } from './config.js';
export { edgeService } from './edge-service.js';
