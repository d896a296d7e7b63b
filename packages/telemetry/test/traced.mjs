// One generation in small: run with and without `--import @switchyard/telemetry/register`.
import { currentTraceHeaders, flushTelemetry, instruments, renderMetrics, withSpan } from '@switchyard/telemetry';

await withSpan('generation', { 'gen_ai.provider.name': 'sandbox' }, async () => {
  instruments.attempts.add(1, { outcome: 'success' });
  process.stdout.write(`${JSON.stringify(currentTraceHeaders())}\n`);
});
await flushTelemetry();
process.stdout.write(
  (await renderMetrics()).includes('switchyard_attempts_total{outcome="success"} 1') ? 'counted\n' : 'lost\n',
);
process.exit(0);
