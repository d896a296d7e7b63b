export { currentRequestId, runWithRequestId } from './request-id.js';
export { type ActiveSpan, type SpanAttributes, type SpanSide, withSpan } from './spans.js';
export { currentTraceHeaders, currentTraceIds, runWithTraceHeaders } from './trace-headers.js';
