import type { Logger } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import { recordBatch } from './batch-spans.js';
import type { JetStreamMessage, ReceivedMessage } from './message.js';

export interface BatchHandlerOptions {
  readonly handler: (messages: readonly JetStreamMessage[]) => Promise<void>;
  readonly ackWaitMs: number;
  readonly logger: Logger;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Settling waits this long for the broker to come back; after that the messages are delivered again. */
const SETTLE_PATIENCE_MS = 15_000;

/** Runs the handler on a batch and then tells the broker how each message ended. Never throws. */
export async function handleBatch(
  batch: readonly ReceivedMessage[],
  { handler, ackWaitMs, logger }: BatchHandlerOptions,
  connection: Connection,
): Promise<void> {
  const extend = setInterval(() => {
    if (connection.connected) for (const message of batch) message.extend();
  }, ackWaitMs / 3);
  const startedAtMs = Date.now();
  try {
    await handler(batch);
    recordBatch(batch, { startedAtMs });
    for (const message of batch) message.ack();
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(typeof error);
    logger.error(`a batch of ${batch.length} failed and will be delivered again: ${cause.message}`, cause.stack);
    recordBatch(batch, { startedAtMs, error });
    for (const message of batch) message.nak(redeliveryDelayMs(message.deliveryCount));
  } finally {
    clearInterval(extend);
  }
  if (!(await connection.whenConnected(SETTLE_PATIENCE_MS))) return;
  for (const message of batch) message.send();
}

/** Doubles from half a second to half a minute. */
export const redeliveryDelayMs = (deliveryCount: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(deliveryCount - 1, 10));
