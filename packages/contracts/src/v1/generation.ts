import { z } from 'zod';
import { OutsideText } from '../outside-text.js';
import { nanos, picos } from '../money.js';
import { event } from '../rpc.js';
import { Price } from './price.js';
import { Usage } from './usage.js';

/** `gen-<unix seconds>-<20 random base62 characters>`: the public id of one request through the gateway. */
export const GenerationId = z.string().regex(/^gen-\d{10}-[A-Za-z0-9]{20}$/);

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'error'] as const;
export const FinishReason = z.enum(FINISH_REASONS);
export type FinishReason = z.output<typeof FinishReason>;

/**
 * How a generation ended for the ledger. `final`: usage from the provider. `estimate`: counted by us, because the provider's
 * usage never came. `insured`: the customer pays nothing, the cost is the house's. `void`: nothing was used.
 */
export const UsageOutcome = z.enum(['final', 'estimate', 'insured', 'void']);
export type UsageOutcome = z.output<typeof UsageOutcome>;

/** A provider key of the customer's own served it: the customer pays a fee, in parts per million of the list price, and nothing else. */
export const OwnKeyFee = z.object({ feePpm: z.int().min(0).max(1_000_000) });
export type OwnKeyFee = z.output<typeof OwnKeyFee>;

/**
 * What one generation used and cost: published on `usage.v1.<provider>` by the worker and carried in the `end` frame to the
 * edge, the same bytes, so that two witnesses know of it. `generationId` is the key of its exactly-once effect.
 */
export const UsageEvent = z.object({
  generationId: GenerationId,
  leaseId: z.uuid(),
  accountId: z.uuid(),
  keyId: z.uuid(),
  edgeId: z.string(),
  edgeEpoch: z.uuid(),
  provider: z.string(),
  endpointId: z.string(),
  model: z.string(),
  upstreamModel: z.string(),
  outcome: UsageOutcome,
  usage: Usage,
  /** The price pinned at admission; the cost must follow from it and the usage. */
  price: Price,
  /** Unix milliseconds at which the generation was admitted: selects the override rows of the price. */
  admittedAtMs: z.int(),
  costPicos: picos,
  costNanos: nanos,
  /** The most that the generation may cost its customer: what was held for it. Anything above is borne by the house. */
  boundNanos: nanos,
  /** Proof that the edge admitted it as this event says (`AdmissionTickets`); null from an edge that has no ticket secret. */
  ticket: z.string().max(64).nullable().default(null),
  ownKey: OwnKeyFee.nullable().default(null),
  finishReason: FinishReason.nullable(),
  nativeFinishReason: OutsideText.nullable(),
  upstreamId: OutsideText.nullable(),
  cancelled: z.boolean(),
  streamed: z.boolean(),
  /** From the call of the provider to its headers, to the first token, to the end; milliseconds. */
  headersMs: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  totalMs: z.number(),
  witness: z.enum(['worker', 'edge']),
});
export type UsageEvent = z.output<typeof UsageEvent>;

/** JetStream stream of {@link UsageEvent}; the message id is the generation id. */
export const USAGE_STREAM = 'USAGE';
export const usageSubject = (provider: string): string => `usage.v1.${provider}`;

/**
 * What ended the stay at an endpoint that did not serve to the end: what was done next, or why nothing was. `superseded`: another
 * attempt spoke first. `billed`: its usage is on the books, and one generation is billed once.
 */
export const LEFT_REASONS = [
  'retry',
  'next_endpoint',
  'next_model',
  'continued',
  'superseded',
  'client_gone',
  'billed',
  'out_of_attempts',
  'out_of_time',
  'no_retry_budget',
  'no_candidate',
] as const;
export type LeftReason = (typeof LEFT_REASONS)[number];

/** One try of a generation on one endpoint. */
export const Attempt = z.object({
  number: z.int().positive(),
  endpointId: z.string(),
  provider: z.string(),
  providerName: z.string(),
  model: z.string(),
  /** Why this endpoint, now: `price_weighted`, `order`, `sort_price`, …; later ones `fallback`, `retry`, `hedge`, `continuation`. */
  reason: z.string(),
  outcome: z.enum(['success', 'failed', 'cancelled']),
  /** HTTP status of the upstream, where it answered. */
  status: z.int().nullable(),
  errorCode: z.string().nullable(),
  /** Worker that served it. */
  worker: z.string().nullable(),
  upstreamId: OutsideText.nullable(),
  startedAtMs: z.int(),
  headersMs: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  totalMs: z.number(),
  /** Parameters that the provider did not get, by OpenRouter's names; absent while that is not known. */
  droppedParameters: z.array(z.string()).optional(),
  /** Pieces of signed or encrypted reasoning that only another provider can read, and that this one did not get; absent for none. */
  strippedReasoning: z.int().positive().optional(),
  /** One of {@link LEFT_REASONS} (newer writers may know more); absent for the attempt that served to the end. */
  left: z.string().optional(),
  /** What it cost by the list price, as far as anybody knows; absent: nobody said. */
  costNanos: nanos.optional(),
  /** Who bears that cost: the house bears all attempts but the one that is charged. */
  payer: z.enum(['customer', 'house']).optional(),
});
export type Attempt = z.output<typeof Attempt>;

/** An endpoint that routing looked at and left out, or kept. */
export const CandidateVerdict = z.object({ endpointId: z.string(), kept: z.boolean(), reason: z.string() });

/** Everything about a generation but its text: what `GET /generation` explains. */
export const GenerationRecord = z.object({
  id: GenerationId,
  accountId: z.uuid(),
  workspaceId: z.uuid(),
  keyId: z.uuid(),
  createdAt: z.iso.datetime(),
  requestedModel: OutsideText,
  /** Model and provider that answered; null when none did. */
  model: z.string().nullable(),
  provider: z.string().nullable(),
  providerName: z.string().nullable(),
  endpointId: z.string().nullable(),
  dialect: z.string(),
  streamed: z.boolean(),
  cancelled: z.boolean(),
  /** HTTP status that the client saw, and the code of the error if there was one. */
  status: z.int(),
  errorCode: z.string().nullable(),
  finishReason: FinishReason.nullable(),
  nativeFinishReason: OutsideText.nullable(),
  upstreamId: OutsideText.nullable(),
  attempts: z.array(Attempt),
  candidates: z.array(CandidateVerdict),
  boundNanos: nanos,
  priceVersion: z.string().nullable(),
  /** Milliseconds: to the first byte for the client, of the whole request, and of the gateway itself (without the upstream). */
  latencyMs: z.number().nullable(),
  generationMs: z.number(),
  overheadMs: z.number().nullable(),
  httpReferer: OutsideText.nullable(),
  appTitle: OutsideText.nullable(),
  userAgent: OutsideText.nullable(),
  sessionId: OutsideText.nullable(),
  externalUser: OutsideText.nullable(),
  /** The generation whose answer this one got from the response cache; absent when it was generated. */
  responseCacheSourceId: GenerationId.optional(),
});
export type GenerationRecord = z.output<typeof GenerationRecord>;

/** JetStream stream of finished generations; the message id is the generation id. */
export const GENERATIONS_STREAM = 'GENERATIONS';
export const GenerationFinished = event('generation.v1.event.generation.finished', GenerationRecord);
