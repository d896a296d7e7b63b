import { z } from 'zod';
import { nanos } from '../money.js';
import { rpc } from '../rpc.js';
import { UsageEvent } from './generation.js';

/** Usage that could not be applied: a person decides what becomes of it. */
export const QuarantinedUsage = z.object({
  /** SHA-256 of its bytes: what it is called by. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  generationId: z.string().nullable(),
  subject: z.string(),
  streamSequence: z.int().nonnegative(),
  /** `<kind>: <detail>`; kinds are `schema`, `ticket`, `cost`, `bound`, `unknown_lease`, `foreign_lease`, `refused`. */
  reason: z.string(),
  state: z.enum(['open', 'applied', 'discarded']),
  deliveries: z.int().positive(),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  /** Null where it was no valid event. */
  event: UsageEvent.nullable(),
  actions: z.array(
    z.object({
      action: z.enum(['retry', 'discard']),
      actor: z.string(),
      note: z.string().nullable(),
      result: z.string(),
      at: z.iso.datetime(),
    }),
  ),
});
export type QuarantinedUsage = z.output<typeof QuarantinedUsage>;

const digest = QuarantinedUsage.shape.digest;
/** Who does it: the id of a management key, or the name of a command. */
const actor = z.string().min(1).max(100);
const note = z.string().max(500);

/** Oldest first. `next` goes into `after` of the next page; null on the last one. */
export const ListQuarantine = rpc(
  'ledger.v1.rpc.quarantine.list',
  z.object({
    state: z.enum(['open', 'applied', 'discarded']).default('open'),
    after: z.string().max(120).nullable().default(null),
    limit: z.int().min(1).max(100).default(50),
  }),
  z.object({ items: z.array(QuarantinedUsage), next: z.string().nullable() }),
);

/**
 * Applies one message after its cause is mended, by the rules that hold for every message; what is refused again stays. Bytes that
 * were no valid event are read from the stream once more. `not_found` for an unknown digest, `conflict` for one that was dealt with.
 */
export const RetryQuarantined = rpc(
  'ledger.v1.rpc.quarantine.retry',
  z.object({ digest, actor, note: note.nullable().default(null) }),
  z.object({
    applied: z.boolean(),
    /** How it was applied (`applied`, `duplicate`, `corrected`, …), or why it was refused again. */
    result: z.string(),
    chargedNanos: nanos,
  }),
);

/** Gives one message up for good. Errors as those of {@link RetryQuarantined}. */
export const DiscardQuarantined = rpc(
  'ledger.v1.rpc.quarantine.discard',
  z.object({ digest, actor, note: note.min(1) }),
  z.object({ discarded: z.literal(true) }),
);
