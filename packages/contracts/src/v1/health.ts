import { z } from 'zod';
import { event } from '../rpc.js';

/** KV bucket of {@link EndpointHealth}, keyed by `escapeKey(endpointId)`; written by the prober alone. */
export const HEALTH_BUCKET = 'health';

/** KV bucket of {@link EndpointHistory}, keyed like the health; written by the prober alone. */
export const HEALTH_HISTORY_BUCKET = 'health_history';

/** KV bucket of the prober's own memory: nobody else reads it. */
export const PROBER_BUCKET = 'prober';

/**
 * What was wrong with the first unusable tool call of an answer, in the words of spec 3.5; `valid` when every call could be run.
 * Never the call itself.
 */
export const ToolCallVerdict = z.enum(['valid', 'invalid_json', 'unknown_name', 'schema_mismatch']);
export type ToolCallVerdict = z.output<typeof ToolCallVerdict>;

/**
 * How an attempt went, told by the worker that made it. `client_error` and `cancelled` say nothing about the endpoint's
 * health and count for neither side.
 */
export const AttemptOutcome = z.object({
  endpointId: z.string(),
  modelId: z.string(),
  provider: z.string(),
  outcome: z.enum(['success', 'failure', 'client_error', 'cancelled']),
  errorCode: z.string().nullable(),
  headersMs: z.number().nonnegative().nullable(),
  firstTokenMs: z.number().nonnegative().nullable(),
  /** Output tokens per second after the first token. */
  tokensPerSecond: z.number().nonnegative().nullable(),
  finishedAtMs: z.int(),
  /** Of an answer that finished with `tool_calls`; absent or null for every other. */
  toolCalls: ToolCallVerdict.nullable().optional(),
  /** The prober asked, and no client. */
  probe: z.boolean().optional(),
  /** Which worker told it, as which of its outcomes: who hears it twice counts it once. Absent from workers before this field. */
  origin: z.object({ worker: z.string().max(64), number: z.int().positive() }).optional(),
});
export type AttemptOutcome = z.output<typeof AttemptOutcome>;

/** The provider follows in the subject. */
export const AttemptFinished = event('worker.v1.event.attempt.finished', AttemptOutcome);

/** How many outcomes one event tells at most. */
export const MAX_OUTCOMES_TOLD = 200;
/** The attempts of a moment, in the order in which they ended; the provider follows in the subject. */
export const AttemptsFinished = event(
  'worker.v1.event.attempts.finished',
  z.object({ outcomes: z.array(AttemptOutcome).min(1).max(MAX_OUTCOMES_TOLD) }),
);

export const Percentiles = z.object({ p50: z.number(), p75: z.number(), p90: z.number(), p99: z.number() });
export type Percentiles = z.output<typeof Percentiles>;

/** Answers that finished with tool calls, and those of them with at least one call that cannot be run (spec 3.5). */
export const ToolCallCounts = z.object({ answers: z.int().nonnegative(), bad: z.int().nonnegative() });
export type ToolCallCounts = z.output<typeof ToolCallCounts>;

export const HealthWindow = z.object({
  count: z.int().nonnegative(),
  failures: z.int().nonnegative(),
  /** Time to first token, milliseconds; null without data. */
  latencyMs: Percentiles.nullable(),
  /** Output tokens per second. */
  throughput: Percentiles.nullable(),
  toolCalls: ToolCallCounts.optional(),
});
export type HealthWindow = z.output<typeof HealthWindow>;

export const EndpointHealth = z.object({
  endpointId: z.string(),
  modelId: z.string(),
  state: z.enum(['healthy', 'ejected', 'half_open']),
  /** Unix milliseconds; null unless ejected. */
  ejectedUntilMs: z.int().nullable(),
  timesEjected: z.int().nonnegative(),
  windows: z.object({ last30s: HealthWindow, last5m: HealthWindow, last30m: HealthWindow }),
  /** Percent of attempts that did not fail; null without data. */
  uptime: z.object({ last5m: z.number().nullable(), last30m: z.number().nullable(), last1d: z.number().nullable() }),
  /** Attempts of the last day: what a prober that starts again goes on from. */
  day: z.object({ count: z.int().nonnegative(), failures: z.int().nonnegative() }).optional(),
  /**
   * Share of answers with tool calls that had a call which cannot be run, 0 to 1: of the last 30 minutes, of the last day where
   * those are too few, null where a day's are. What routing demotes by.
   */
  toolErrorRate: z.number().min(0).max(1).nullable().optional(),
  /** When an answer ended the last ejection, by the prober's clock; null or absent when none did. */
  restoredAtMs: z.int().nullable().optional(),
  updatedAtMs: z.int(),
});
export type EndpointHealth = z.output<typeof EndpointHealth>;

const total = z.int().nonnegative();

/** An endpoint's last day in steps of equal length. */
export const EndpointHistory = z.object({
  endpointId: z.string(),
  modelId: z.string(),
  stepMs: z.int().positive(),
  /**
   * Number of the step (it begins `number * stepMs` after the Unix epoch), attempts, failures, answers with tool calls, bad ones among
   * those; the oldest first, steps without attempts left out.
   */
  steps: z.array(z.tuple([total, total, total, total, total])).max(1_000),
  updatedAtMs: z.int(),
});
export type EndpointHistory = z.output<typeof EndpointHistory>;
