import { type IMetricReader, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { Meter } from '@opentelemetry/api';

/** Collects when it is asked: a scrape is the only export that is always there. */
class ScrapeReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export interface MetricExport {
  readonly readers: readonly IMetricReader[];
  readonly resource: Resource;
}

const METER_NAME = 'switchyard';
const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
const scrape = new ScrapeReader();
let provider: MeterProvider | null = null;
let extra: MetricExport = { readers: [], resource: resourceFromAttributes({}) };

/** Adds ways out of the process. Readers must be known when the first instrument is made, so `register` calls this before. */
export function exportMetricsBy(metricExport: MetricExport): void {
  if (provider)
    throw new Error('the instruments exist already: load @switchyard/telemetry/register with node --import');
  extra = metricExport;
}

export function meter(): Meter {
  provider ??= new MeterProvider({ resource: extra.resource, readers: [scrape, ...extra.readers] });
  return provider.getMeter(METER_NAME);
}

export const flushMetrics = async (): Promise<void> => {
  await provider?.forceFlush();
};

/** All instruments in the text format of Prometheus, version 0.0.4. */
export async function renderMetrics(): Promise<string> {
  meter();
  const { resourceMetrics } = await scrape.collect();
  return serializer.serialize(resourceMetrics);
}
