import { usageOf } from '@switchyard/contracts';
import type { Attempt, UsageEvent } from '@switchyard/contracts';
import { PAYMENT_CASES, costOf } from '@switchyard/pricing';
import type { Lease } from '../credit/lease.js';
import type { EdgeProcess } from '../process/edge-process.js';
import type { OrderedCandidate } from '../routing/index.js';
import type { Generation } from './generation.js';

/** Bytes of prompt text per token, on average, and bytes of a streamed event around one token. */
const PROMPT_BYTES_PER_TOKEN = 4;
const STREAM_BYTES_PER_TOKEN = 256;
/** Of speech: MP3 has 20,000 bytes for a second, and a second about 21 tokens. */
const AUDIO_BYTES_PER_TOKEN = 1_000;

/** What a prompt has in tokens, guessed from its bytes. */
export const promptTokensIn = ({ promptBytes }: Pick<Generation, 'promptBytes'>): number =>
  Math.ceil(promptBytes / PROMPT_BYTES_PER_TOKEN);

/** How an attempt can end without a word of its worker. */
export type LostCase = 'cancelled_untold' | 'gateway_failed';

export interface LostAttempt {
  readonly generation: Generation;
  readonly candidate: OrderedCandidate;
  readonly attempt: Attempt;
  readonly lease: Lease;
  readonly edge: EdgeProcess;
  readonly ticket: string;
  /** Bytes that the client got. */
  readonly bytesForwarded: number;
  /** Who broke it off: a client pays an estimate, a lost worker is the house's. */
  readonly case: LostCase;
}

/** Speech is billed by the characters that are spoken, or by tokens of audio. */
const outputOf = ({ job, pieces }: Generation, bytes: number) =>
  job === 'speech'
    ? { audioOutputTokens: Math.floor(bytes / AUDIO_BYTES_PER_TOKEN), inputCharacters: pieces?.characters ?? 0 }
    : { outputTokens: Math.floor(bytes / STREAM_BYTES_PER_TOKEN) };

/** The usage of an attempt whose worker cannot tell any more, estimated from what passed through this edge. */
export function edgeUsage({
  generation,
  candidate,
  attempt,
  lease,
  edge,
  ticket,
  bytesForwarded,
  case: lostCase,
}: LostAttempt): UsageEvent {
  const outcome = PAYMENT_CASES[lostCase].books;
  const { endpoint } = candidate;
  const usage = usageOf({
    source: 'estimated',
    inputTokens: promptTokensIn(generation),
    ...outputOf(generation, bytesForwarded),
    requests: 1,
  });
  const cost = costOf(usage, endpoint.price, generation.admittedAtMs);
  return {
    generationId: generation.id,
    leaseId: lease.identity.leaseId,
    accountId: generation.caller.key.accountId,
    keyId: generation.caller.key.id,
    edgeId: edge.edgeId,
    edgeEpoch: edge.edgeEpoch,
    provider: endpoint.provider,
    endpointId: endpoint.id,
    model: candidate.model.id,
    upstreamModel: endpoint.upstreamModel,
    outcome,
    usage,
    price: endpoint.price,
    admittedAtMs: generation.admittedAtMs,
    costPicos: cost.picos,
    costNanos: cost.nanos,
    boundNanos: generation.hold.boundNanos,
    ticket,
    ownKey: null,
    finishReason: outcome === 'insured' ? 'error' : null,
    nativeFinishReason: null,
    upstreamId: attempt.upstreamId,
    cancelled: outcome === 'estimate',
    streamed: generation.request.stream,
    headersMs: attempt.headersMs,
    firstTokenMs: attempt.firstTokenMs,
    totalMs: attempt.totalMs,
    witness: 'edge',
  };
}
