import { usageOf } from '@switchyard/contracts';
import type { UsageEvent } from '@switchyard/contracts';

const id = '00000000-0000-4000-8000-000000000001';

/** A usage of ten tokens for ten nano-dollars, as its worker told it. */
export const aUsageEvent = (fields: Partial<UsageEvent> = {}): UsageEvent => ({
  generationId: 'gen-1700000000-00000000000000000000',
  leaseId: id,
  accountId: id,
  keyId: id,
  edgeId: 'edge',
  edgeEpoch: id,
  provider: 'acme',
  endpointId: 'acme:large',
  model: 'acme/large',
  upstreamModel: 'large',
  outcome: 'final',
  usage: usageOf({ source: 'reported', inputTokens: 10 }),
  price: { version: 'v1', prompt: 1_000n, completion: 1_000n },
  admittedAtMs: 1_700_000_000_000,
  costPicos: 10_000n,
  costNanos: 10n,
  boundNanos: 10n,
  ticket: null,
  ownKey: null,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  upstreamId: null,
  cancelled: false,
  streamed: true,
  headersMs: null,
  firstTokenMs: null,
  totalMs: 1,
  witness: 'worker',
  ...fields,
});
