import { storableOrNull, storableText } from '@switchyard/contracts';
import type { Attempt, GenerationRecord } from '@switchyard/contracts';
import type { z } from 'zod';

/**
 * A record as it crosses the bus, the same as the contract's own encoding (the spec compares them): every request has one, the schema takes
 * ten times as long over it, and the ledger checks what it reads.
 */
export const recordWire = (record: GenerationRecord): z.input<typeof GenerationRecord> => ({
  ...record,
  requestedModel: storableText(record.requestedModel),
  nativeFinishReason: storableOrNull(record.nativeFinishReason),
  upstreamId: storableOrNull(record.upstreamId),
  attempts: record.attempts.map(attemptWire),
  boundNanos: record.boundNanos.toString(),
  httpReferer: storableOrNull(record.httpReferer),
  appTitle: storableOrNull(record.appTitle),
  userAgent: storableOrNull(record.userAgent),
  sessionId: storableOrNull(record.sessionId),
  externalUser: storableOrNull(record.externalUser),
});

function attemptWire({ costNanos, ...attempt }: Attempt): z.input<typeof Attempt> {
  return {
    ...attempt,
    upstreamId: storableOrNull(attempt.upstreamId),
    ...(costNanos !== undefined && { costNanos: costNanos.toString() }),
  };
}
