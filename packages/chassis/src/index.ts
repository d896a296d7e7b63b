export { ChassisModule } from './chassis.module.js';
export { EXIT_CONFIG, loadConfig, readConfig } from './config/load-config.js';
export { type LogLevelName, serviceConfig } from './config/service-config.js';
export { describeError } from './lifecycle/describe-error.js';
export { Drain } from './lifecycle/drain.js';
export { Health, type Probe, type Readiness } from './lifecycle/health.js';
export { JsonLogger, type JsonLoggerOptions } from './logging/json-logger.js';
export { maskSecrets } from './logging/mask-secrets.js';
export { runService, type ServiceOptions } from './run-service.js';
