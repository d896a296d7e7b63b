import { loadConfig, runService } from '@switchyard/chassis';
import { edgeConfig } from './config.js';
import { edgeService } from './edge-service.js';

await runService(edgeService(loadConfig(edgeConfig)));
