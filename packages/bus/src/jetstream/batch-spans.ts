import { isTracing, recordSpan, runWithTraceHeaders } from '@switchyard/telemetry';
import type { JetStreamMessage } from './message.js';

/**
 * A batch belongs to as many traces as it has messages, so each of them gets a span of its own for the whole time of the batch,
 * below the span that published the message. A message that was published outside of a trace starts none.
 */
export function recordBatch(
  batch: readonly Pick<JetStreamMessage, 'subject' | 'messageId' | 'deliveryCount' | 'traceHeaders'>[],
  { startedAtMs, error }: { readonly startedAtMs: number; readonly error?: unknown },
): void {
  if (!isTracing()) return;
  for (const { subject, messageId, deliveryCount, traceHeaders } of batch) {
    if (traceHeaders['traceparent'] === undefined) continue;
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.destination.name': subject,
      'messaging.message.id': messageId,
      'messaging.batch.message_count': batch.length,
      'switchyard.delivery': deliveryCount,
    };
    runWithTraceHeaders(traceHeaders, () =>
      recordSpan(`process ${subject}`, attributes, { side: 'consumer', startedAtMs, error }),
    );
  }
}
