import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { startTracing as start } from './start.js';
import { setTelemetry } from './tracing-state.js';

export interface RecordedSpan {
  readonly name: string;
  readonly kind: keyof typeof SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface RecordedTracing {
  /** Spans that have ended, in the order of their end. */
  spans(): RecordedSpan[];
  reset(): void;
  stop(): Promise<void>;
}

/** For tests: records the spans of this process in memory. */
export function startTracing(): RecordedTracing {
  const exporter = new InMemorySpanExporter();
  const provider = start(new SimpleSpanProcessor({ exporter }));
  return {
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: SpanKind[span.kind] as keyof typeof SpanKind,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
      })),
    reset: () => exporter.reset(),
    stop: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
      setTelemetry(undefined);
    },
  };
}
