import { z } from 'zod';
import { nanos, picos } from '../money.js';
import { rpc } from '../rpc.js';

/** A UTC day, `YYYY-MM-DD`. */
export const UtcDay = z.iso.date();

const count = z.int().nonnegative();

/** What one account used on one endpoint on one UTC day, over all of its keys or over those that were asked for. */
export const ActivityRow = z.object({
  day: UtcDay,
  model: z.string(),
  upstreamModel: z.string(),
  endpointId: z.string(),
  provider: z.string(),
  /** Generations of every outcome but `void`: an insured one was served and cost nothing. */
  requests: count,
  promptTokens: count,
  completionTokens: count,
  reasoningTokens: count,
  chargedNanos: nanos,
  /** List price of what own keys of the customer served. */
  ownKeyCostNanos: nanos,
});
export type ActivityRow = z.output<typeof ActivityRow>;

/** The days from `fromDay` to `toDay`, both included, newest first. */
export const GetActivity = rpc(
  'ledger.v1.rpc.activity.get',
  z.object({
    accountId: z.uuid(),
    /** Only these keys; null for all of the account. */
    keyIds: z.array(z.uuid()).max(1000).nullable().default(null),
    fromDay: UtcDay,
    toDay: UtcDay,
  }),
  z.object({ rows: z.array(ActivityRow) }),
);

/** What we booked for a provider and what its own export says, of one model on one UTC day. Null: that side has nothing to say. */
const Figures = z.object({
  requests: count.nullable(),
  /** Input that was neither read from nor written to a cache. */
  inputTokens: count.nullable(),
  cacheReadTokens: count.nullable(),
  cacheWriteTokens: count.nullable(),
  cacheWrite1hTokens: count.nullable(),
  outputTokens: count.nullable(),
  costPicos: picos.nullable(),
});
export type Figures = z.output<typeof Figures>;

export const ReconciledDay = z.object({
  day: UtcDay,
  model: z.string(),
  /** `missing_here`: the provider billed what we have no usage of. `missing_there`: the other way round. */
  status: z.enum(['matched', 'drifting', 'missing_here', 'missing_there']),
  ours: Figures.nullable(),
  theirs: Figures.nullable(),
});
export type ReconciledDay = z.output<typeof ReconciledDay>;

/** Compares a usage export of a provider with the books, model by model and day by day. Changes nothing. `invalid_request` for an export that cannot be read. */
export const ReconcileUsage = rpc(
  'ledger.v1.rpc.usage.reconcile',
  z.object({ provider: z.string().regex(/^[a-z0-9-]{1,64}$/), export: z.string().min(1).max(700_000) }),
  z.object({
    /** Which of the known exports it was taken for. */
    format: z.string(),
    days: z.array(ReconciledDay),
    /** Over all days: what shifts from one day to the next at midnight cancels out here. */
    models: z.array(ReconciledDay.omit({ day: true })),
  }),
);
