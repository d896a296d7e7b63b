import { instruments, renderMetrics } from '../index.js';
import { exportMetricsBy } from './provider.js';
import { resourceFromAttributes } from '@opentelemetry/resources';

const valueOf = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

describe('renderMetrics', () => {
  it('shows what was counted, with the names of the conventions, in the format of Prometheus', async () => {
    instruments.attempts.add(2, { outcome: 'success', 'gen_ai.provider.name': 'openai' });
    instruments.attempts.add(1, {
      outcome: 'failed',
      'gen_ai.provider.name': 'openai',
      'error.type': 'upstream_error',
    });
    instruments.generationDuration.record(0.5, { 'gen_ai.request.model': 'a/b' });
    instruments.tokenUsage.record(12, { 'gen_ai.token.type': 'input' });
    instruments.streamsInFlight.add(3);
    instruments.streamsInFlight.add(-1);
    instruments.ledgerAuditViolations.record(0);

    const text = await renderMetrics();
    expect(valueOf(text, 'switchyard_attempts_total{outcome="success",gen_ai_provider_name="openai"}')).toBe(2);
    expect(valueOf(text, 'gen_ai_client_operation_duration_count{gen_ai_request_model="a/b"}')).toBe(1);
    expect(valueOf(text, 'gen_ai_client_operation_duration_bucket{gen_ai_request_model="a/b",le="0.64"}')).toBe(1);
    expect(valueOf(text, 'gen_ai_client_operation_duration_bucket{gen_ai_request_model="a/b",le="0.32"}')).toBe(0);
    expect(valueOf(text, 'gen_ai_client_token_usage_sum{gen_ai_token_type="input"}')).toBe(12);
    expect(valueOf(text, 'switchyard_streams_in_flight')).toBe(2);
    expect(valueOf(text, 'switchyard_ledger_audit_violations')).toBe(0);
    expect(text).toContain('# TYPE switchyard_attempts_total counter');
  });

  it('goes on counting from scrape to scrape', async () => {
    instruments.usageApplied.add(1, { outcome: 'final' });
    const first = valueOf(await renderMetrics(), 'switchyard_usage_applied_total{outcome="final"}');
    instruments.usageApplied.add(1, { outcome: 'final' });
    const second = valueOf(await renderMetrics(), 'switchyard_usage_applied_total{outcome="final"}');
    expect([first, second]).toEqual([1, 2]);
  });

  it('shows the memory of the process and how late its event loop is', async () => {
    const text = await renderMetrics();
    expect(valueOf(text, 'process_memory_usage')).toBeGreaterThan(10_000_000);
    expect(valueOf(text, 'nodejs_eventloop_delay_p99')).toBeGreaterThanOrEqual(0);
  });

  it('keeps its memory bounded when an attribute takes endless values', async () => {
    for (let index = 0; index < 5_000; index++) instruments.busProbes.add(1, { outcome: `o${index}` });
    const lines = (await renderMetrics()).split('\n').filter((line) => line.startsWith('switchyard_bus_probes_total'));
    expect(lines.length).toBeLessThanOrEqual(2_000);
    expect(lines.join('\n')).toContain('otel_metric_overflow');
  });

  it('refuses a way out that comes too late to be used', () => {
    expect(() => exportMetricsBy({ readers: [], resource: resourceFromAttributes({}) })).toThrow('--import');
  });
});
