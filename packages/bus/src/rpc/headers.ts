import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { currentRequestId, currentTraceHeaders } from '@switchyard/telemetry';

const REQUEST_ID = 'switchyard-request-id';

/** The headers of an outgoing message: trace context and the id of the public request, as far as there are any. */
export function outgoingHeaders(requestId: string | undefined = currentRequestId()): MsgHdrs | undefined {
  const trace = Object.entries(currentTraceHeaders());
  if (trace.length === 0 && requestId === undefined) return undefined;
  const result = headers();
  for (const [name, value] of trace) result.set(name, value);
  if (requestId !== undefined) result.set(REQUEST_ID, requestId);
  return result;
}

/** What {@link outgoingHeaders} wrote on the other side. */
export function incomingContext(message: { readonly headers?: MsgHdrs | undefined }): {
  trace: Readonly<Record<string, string>>;
  requestId: string | undefined;
} {
  const received = message.headers;
  if (!received) return { trace: {}, requestId: undefined };
  const trace: Record<string, string> = {};
  for (const name of ['traceparent', 'tracestate']) {
    const value = received.get(name);
    if (value !== '') trace[name] = value;
  }
  return { trace, requestId: received.get(REQUEST_ID) || undefined };
}
