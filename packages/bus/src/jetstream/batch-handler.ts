import type { Logger } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import { recordBatch } from './batch-spans.js';
import type { JetStreamMessage, ReceivedMessage } from './message.js';

export interface BatchHandlerOptions {
  readonly handler: (messages: readonly JetStreamMessage[]) => Promise<void>;
  /** Messages that the handler takes at once. */
  readonly maxBatch: number;
  readonly ackWaitMs: number;
  readonly logger: Logger;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Settling waits this long for the broker to come back; after that the messages are delivered again. */
const SETTLE_PATIENCE_MS = 15_000;

/**
 * Runs the handler on what a batch holds and then tells the broker how each message ended. Bundles may hold more than the handler
 * takes at once, so it is called as often as it must be. Never throws.
 */
export async function handleBatch(
  batch: readonly ReceivedMessage[],
  { handler, maxBatch, ackWaitMs, logger }: BatchHandlerOptions,
  connection: Connection,
): Promise<void> {
  const extend = setInterval(() => {
    if (connection.connected) for (const message of batch) message.extend();
  }, ackWaitMs / 3);
  try {
    const parts = batch.flatMap((message) => message.parts);
    for (let at = 0; at < parts.length; at += maxBatch) await handle(parts.slice(at, at + maxBatch), handler, logger);
  } finally {
    clearInterval(extend);
  }
  if (!(await connection.whenConnected(SETTLE_PATIENCE_MS))) return;
  for (const message of batch) message.send();
}

async function handle(
  parts: readonly JetStreamMessage[],
  handler: BatchHandlerOptions['handler'],
  logger: Logger,
): Promise<void> {
  const startedAtMs = Date.now();
  try {
    await handler(parts);
    recordBatch(parts, { startedAtMs });
    for (const part of parts) part.ack();
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(typeof error);
    logger.error(`a batch of ${parts.length} failed and will be delivered again: ${cause.message}`, cause.stack);
    recordBatch(parts, { startedAtMs, error });
    for (const part of parts) part.nak(redeliveryDelayMs(part.deliveryCount));
  }
}

/** Doubles from half a second to half a minute. */
export const redeliveryDelayMs = (deliveryCount: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(deliveryCount - 1, 10));
