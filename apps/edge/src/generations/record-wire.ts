import { storableText } from '@switchyard/contracts';
import type { Attempt, GenerationRecord } from '@switchyard/contracts';
import type { z } from 'zod';

/**
 * A record as it crosses the bus, the same as the contract's own encoding (the spec compares them): every request has one, the schema takes
 * ten times as long over it, and the ledger checks what it reads.
 */
export const recordWire = (record: GenerationRecord): z.input<typeof GenerationRecord> => ({
  ...record,
  requestedModel: storableText(record.requestedModel),
  nativeFinishReason: storable(record.nativeFinishReason),
  upstreamId: storable(record.upstreamId),
  attempts: record.attempts.map(attemptWire),
  boundNanos: record.boundNanos.toString(),
  httpReferer: storable(record.httpReferer),
  appTitle: storable(record.appTitle),
  userAgent: storable(record.userAgent),
  sessionId: storable(record.sessionId),
  externalUser: storable(record.externalUser),
});

function attemptWire({ costNanos, ...attempt }: Attempt): z.input<typeof Attempt> {
  return {
    ...attempt,
    upstreamId: storable(attempt.upstreamId),
    ...(costNanos !== undefined && { costNanos: costNanos.toString() }),
  };
}

const storable = (text: string | null): string | null => (text === null ? null : storableText(text));
