import { readTelemetryConfig } from './config.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('readTelemetryConfig', () => {
  it('is off where no collector is named', () => {
    expect(readTelemetryConfig({}, '')).toMatchObject({ traces: false, metrics: false });
  });

  it.each([
    [ENDPOINT, true, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x/v1/traces' }, true, false],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x/v1/metrics' }, false, true],
    [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none' }, true, false],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false, true],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, false, false],
  ])('reads %j', (env, traces, metrics) => {
    expect(readTelemetryConfig(env, '')).toMatchObject({ traces, metrics });
  });

  it('falls back to sound values for senseless ones', () => {
    const env = { OTEL_TRACES_SAMPLER: 'sometimes', OTEL_TRACES_SAMPLER_ARG: '7', OTEL_METRIC_EXPORT_INTERVAL: '-1' };
    expect(readTelemetryConfig(env, '')).toMatchObject({
      sampler: 'parentbased_always_on',
      sampledRatio: 1,
      metricIntervalMs: 60_000,
    });
  });

  it('reads how spans are batched, and leaves senseless values to the SDK', () => {
    const env = { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_MAX_QUEUE_SIZE: '-1', OTEL_BSP_EXPORT_TIMEOUT: 'soon' };
    expect(readTelemetryConfig(env, '').spanBatches).toEqual({ scheduledDelayMillis: 100 });
  });

  it('names the service after its folder, unless it is named', () => {
    expect(readTelemetryConfig({}, '/srv/apps/edge/dist/main.js').serviceName).toBe('switchyard-edge');
    expect(readTelemetryConfig({}, '/srv/script.js').serviceName).toBe('switchyard');
    expect(readTelemetryConfig({ OTEL_SERVICE_NAME: 'mine' }, '/srv/apps/edge/dist/main.js').serviceName).toBe('mine');
  });
});
