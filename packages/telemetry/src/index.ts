import './metrics/process.js';

export { instruments, type MetricAttributes } from './metrics/instruments.js';
export { renderMetrics } from './metrics/provider.js';
export { currentRequestId, runWithRequestId } from './request-id.js';
export { type ActiveSpan, recordSpan, type SpanAttributes, type SpanSide, withSpan } from './spans.js';
export { currentTraceHeaders, currentTraceIds, runWithTraceHeaders } from './trace-headers.js';
export { flushTelemetry, isTracing } from './tracing-state.js';
