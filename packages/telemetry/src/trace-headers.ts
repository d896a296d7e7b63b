import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { isTracing } from './tracing-state.js';

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** The W3C headers (`traceparent`, `tracestate`) of the running span, to send with a message; empty when tracing is off. */
export function currentTraceHeaders(): Readonly<Record<string, string>> {
  if (!isTracing()) return NO_HEADERS;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/**
 * Runs `fn` as a part of the trace that {@link currentTraceHeaders} wrote into `headers` on the other side. Headers without a
 * valid `traceparent` start no trace and are no error.
 */
export function runWithTraceHeaders<T>(headers: Readonly<Record<string, string>> | undefined, fn: () => T): T {
  if (!isTracing() || headers === undefined) return fn();
  return context.with(propagation.extract(ROOT_CONTEXT, headers), fn);
}

/** Ids of the running span for log lines, null outside of one. */
export function currentTraceIds(): { traceId: string; spanId: string } | null {
  if (!isTracing()) return null;
  const span = trace.getSpanContext(context.active());
  return span ? { traceId: span.traceId, spanId: span.spanId } : null;
}
