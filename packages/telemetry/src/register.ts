import { readTelemetryConfig } from './config.js';

// Loaded by `node --import`. Where nothing is to be exported, nothing of OpenTelemetry's SDK is loaded here.
const config = readTelemetryConfig();
if (config.traces || config.metrics) {
  const { startTelemetry } = await import('./start.js');
  startTelemetry(config);
}
