import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SamplerName, TelemetryConfig } from './config.js';
import { exportMetricsBy, flushMetrics } from './metrics/provider.js';
import { setTelemetry } from './tracing-state.js';

/** Starts what the configuration asks for; `register` calls it before anything of the service is loaded. */
export function startTelemetry(config: TelemetryConfig): void {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': config.serviceName }))
    .merge(detectResources({ detectors: [envDetector] }));
  if (config.metrics) {
    const exporter = new OTLPMetricExporter();
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: config.metricIntervalMs });
    exportMetricsBy({ readers: [reader], resource });
  }
  const provider = config.traces
    ? startTracing(new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...config.spanBatches }), {
        sampler: samplerOf(config.sampler, config.sampledRatio),
        resource,
      })
    : null;
  setTelemetry({
    tracing: config.traces,
    flush: async () => {
      await Promise.all([provider?.forceFlush(), flushMetrics()]);
    },
  });
}

/** Records spans in this process and gives them to the processor. */
export function startTracing(
  processor: SpanProcessor,
  options: Pick<ConstructorParameters<typeof TracerProvider>[0] & object, 'sampler' | 'resource'> = {},
): TracerProvider {
  const provider = new TracerProvider({ ...options, spanProcessors: [processor] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  setTelemetry({ tracing: true, flush: () => provider.forceFlush() });
  return provider;
}

function samplerOf(name: SamplerName, ratio: number): Sampler {
  const root: Sampler = name.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
