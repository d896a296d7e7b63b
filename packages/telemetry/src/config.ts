/** What the standard OTEL_* variables ask for. Endpoints, headers and time-outs of the exporters are read by the exporters themselves. */
export interface TelemetryConfig {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly serviceName: string;
  readonly sampler: SamplerName;
  /** For the ratio samplers: the part of all traces that is recorded, 0 to 1. */
  readonly sampledRatio: number;
  readonly metricIntervalMs: number;
  readonly spanBatches: SpanBatches;
}

/** How spans wait for the collector; undefined is what the SDK holds for usual. */
export interface SpanBatches {
  readonly scheduledDelayMillis?: number;
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly exportTimeoutMillis?: number;
}

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

const METRIC_INTERVAL_MS = 60_000;

/** @param script path of the running program: names the service where OTEL_SERVICE_NAME does not. */
export function readTelemetryConfig(
  env: NodeJS.ProcessEnv = process.env,
  script: string = process.argv[1] ?? '',
): TelemetryConfig {
  const off = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true';
  const wants = (signal: 'TRACES' | 'METRICS'): boolean =>
    !off &&
    env[`OTEL_${signal}_EXPORTER`] !== 'none' &&
    Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]);
  const sampler = env['OTEL_TRACES_SAMPLER'] as SamplerName | undefined;
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
  const intervalMs = Number(env['OTEL_METRIC_EXPORT_INTERVAL'] ?? METRIC_INTERVAL_MS);
  return {
    traces: wants('TRACES'),
    metrics: wants('METRICS'),
    serviceName: env['OTEL_SERVICE_NAME'] || serviceNameOf(script),
    sampler: sampler && SAMPLERS.includes(sampler) ? sampler : 'parentbased_always_on',
    sampledRatio: ratio >= 0 && ratio <= 1 ? ratio : 1,
    metricIntervalMs: intervalMs >= 1_000 ? intervalMs : METRIC_INTERVAL_MS,
    spanBatches: spanBatches(env),
  };
}

/** The OTEL_BSP_* variables, which a processor that is made by hand does not read. Senseless values are left out. */
function spanBatches(env: NodeJS.ProcessEnv): SpanBatches {
  const read = (name: string, option: keyof SpanBatches): SpanBatches => {
    const value = Number(env[`OTEL_BSP_${name}`]);
    return Number.isInteger(value) && value > 0 ? { [option]: value } : {};
  };
  return {
    ...read('SCHEDULE_DELAY', 'scheduledDelayMillis'),
    ...read('MAX_QUEUE_SIZE', 'maxQueueSize'),
    ...read('MAX_EXPORT_BATCH_SIZE', 'maxExportBatchSize'),
    ...read('EXPORT_TIMEOUT', 'exportTimeoutMillis'),
  };
}

/** `…/apps/edge/dist/main.js` is `switchyard-edge`. */
const serviceNameOf = (script: string): string => {
  const service = /(?:^|\/)apps\/([a-z0-9-]+)\//.exec(script)?.[1];
  return service === undefined ? 'switchyard' : `switchyard-${service}`;
};
