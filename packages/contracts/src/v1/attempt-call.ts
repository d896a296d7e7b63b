import { z } from 'zod';
import { isErrorCode } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import { CatalogueEndpoint, DialectId } from './catalogue.js';
import { nanos } from '../money.js';
import { GenerationId, OwnKeyFee, UsageEvent } from './generation.js';
import { JobId } from './jobs.js';
import { RoutingMetadata } from './routing-metadata.js';
import { ServiceTier } from './price.js';

/**
 * What is held for a generation whose bound grows as it goes on. `outputTokens` is a total of the meter (`MeterReading`), null once
 * the whole bound is held; it comes with the bound that covers it and the ticket of that bound. `last`: no more will be given.
 */
export const Allowance = z.object({
  outputTokens: z.int().nonnegative().nullable(),
  boundNanos: nanos,
  ticket: z.string().max(64).nullable(),
  last: z.boolean(),
});
export type Allowance = z.output<typeof Allowance>;

/** The `meter` frame: how much of which allowance has been said. Counted by the worker, never below what providers count. */
export const MeterReading = z.object({ usedTokens: z.int().nonnegative(), outputTokens: z.int().nonnegative() });
export type MeterReading = z.output<typeof MeterReading>;

/** Headers of a client that may reach a provider of its own format: beta features of Anthropic, by name. */
export const CLIENT_HEADERS = ['anthropic-beta'] as const;
export type ClientHeaders = z.output<typeof ClientHeaders>;
/** Names with commas between them, and nothing that could begin another header. */
export const ClientHeaders = z.partialRecord(
  z.enum(CLIENT_HEADERS),
  z
    .string()
    .max(1024)
    .regex(/^[\w.-]+(?:\s*,\s*[\w.-]+)*$/),
);

/**
 * What routing decided about the request of one attempt: it stands above what the client's body says, which travels as it came.
 * A worker that does not know it yet goes by the body.
 */
export const RoutedRequest = z.object({
  /** The tier to ask for; null: none, whatever the body says. */
  serviceTier: ServiceTier.nullable().optional(),
  /** The model's variant switches reasoning on where the body does not say. */
  reasoning: z.literal(true).optional(),
  /** The model's variant or a plugin asks for the provider's own web search, with these options. */
  webSearch: z.record(z.string(), z.unknown()).optional(),
});
export type RoutedRequest = z.output<typeof RoutedRequest>;

/**
 * The facts of one attempt, sent by an edge in the `call` of the data plane. The body travels beside it: the client's request
 * in its own dialect, as the edge re-serialised it.
 */
export const AttemptCall = z.object({
  generationId: GenerationId,
  attempt: z.int().positive(),
  /** Unix seconds, `created` of the answer. */
  created: z.int(),
  admittedAtMs: z.int(),
  dialect: DialectId,
  stream: z.boolean(),
  /** Absent: a completion. A job has one form for its clients; `dialect` says how they are told of errors. */
  job: JobId.optional(),
  endpoint: CatalogueEndpoint,
  leaseId: z.uuid(),
  accountId: z.uuid(),
  keyId: z.uuid(),
  edgeId: z.string(),
  edgeEpoch: z.uuid(),
  /** What is held for the generation, and the proof of it for the ledger: copied into the usage event. */
  boundNanos: nanos,
  ticket: z.string().max(64).nullable().default(null),
  ownKey: OwnKeyFee.nullable().default(null),
  /** Output that the bound covers, where it is smaller than what was asked for: the worker asks for more, or stops. */
  allowance: Allowance.shape.outputTokens.default(null),
  clientHeaders: ClientHeaders.optional(),
  routed: RoutedRequest.optional(),
  /** The client would rather have an error than an answer without one of its parameters. */
  strict: z.boolean().optional(),
  /** What the end of the answer tells of its routing; absent for clients that did not ask. */
  routing: RoutingMetadata.optional(),
  /** The prober asks whether the endpoint answers. On nobody's books, so a worker refuses it where the price is not zero. */
  probe: z.boolean().optional(),
  /**
   * Another attempt may go on where this one breaks off: the edge, which has the usage, tells the ledger of it if nothing does. The
   * worker tells only when the edge is gone.
   */
  continuable: z.boolean().optional(),
  /** The last message of the body is the beginning of the answer, and the provider is to go on with it. */
  continues: z.boolean().optional(),
  timeouts: z.object({
    connectMs: z.int().positive(),
    firstByteMs: z.int().positive(),
    idleMs: z.int().positive(),
    totalMs: z.int().positive(),
  }),
});
export type AttemptCall = z.output<typeof AttemptCall>;

/** Meta of the `head` frame: the upstream has answered and bytes for the client follow. */
export const AttemptHead = z.object({
  /** Status and content type for the client. */
  status: z.int(),
  contentType: z.string(),
  upstreamStatus: z.int(),
  worker: z.string(),
  headersMs: z.number(),
  /** OpenRouter names of parameters that the client sent and the provider did not get. */
  dropped: z.array(z.string().max(64)).max(64).default([]),
});
export type AttemptHead = z.output<typeof AttemptHead>;

/** Meta of the `end` frame: the same usage event that the worker published. */
export const AttemptEnd = z.object({ usage: UsageEvent });
export type AttemptEnd = z.output<typeof AttemptEnd>;

/** Meta of the `fail` frame. `usage` is there when bytes had gone out already (the customer is insured) or a cancel was billed. */
export const AttemptFailure = z.object({
  code: z.custom<ErrorCode>(isErrorCode),
  message: z.string(),
  retryable: z.boolean(),
  phase: z.enum(['claim', 'body', 'connect', 'headers', 'stream']),
  upstreamStatus: z.int().nullable().default(null),
  retryAfterMs: z.int().nonnegative().nullable().default(null),
  /** The provider's own error, cut to 2 KiB, secrets masked. */
  raw: z.string().max(2048).nullable().default(null),
  providerCode: z.string().max(200).nullable().default(null),
  usage: UsageEvent.nullable().default(null),
});
export type AttemptFailure = z.output<typeof AttemptFailure>;
