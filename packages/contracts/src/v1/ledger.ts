import { z } from 'zod';
import { nanos, signedNanos } from '../money.js';
import { event, rpc } from '../rpc.js';
import { BudgetInterval, BudgetKind, BudgetScope, MAX_BUDGETS_OF_KEY } from './budget.js';
import { GenerationRecord, UsageEvent } from './generation.js';

/** Leases in one recall, and in its answer. */
export const MAX_RECALLED_LEASES = 500;

/** Usage that the ledger has applied: an edge forgets its own copy of it. */
export const AppliedUsage = z.object({ generationId: z.string(), leaseId: z.uuid(), chargedNanos: nanos });
export type AppliedUsage = z.output<typeof AppliedUsage>;

const Refusal = z.object({
  outcome: z.literal('refused'),
  /** `in_flight_budget_exhausted`: the money is there, but lent to requests that run. */
  reason: z.enum(['insufficient_credits', 'in_flight_budget_exhausted', 'budget_exhausted', 'unknown_account']),
  /** What could still be lent: to say what is affordable. */
  availableNanos: nanos,
  /** The scope that refused, for `budget_exhausted`. */
  scopeId: z.uuid().nullable(),
  resetsAt: z.iso.datetime().nullable(),
  /** What the scope that refused is, the window of its budget, its cap, and what was spent in that window. */
  scopeKind: BudgetKind.nullable().default(null),
  interval: BudgetInterval.nullable().default(null),
  capNanos: nanos.nullable().default(null),
  spentNanos: nanos.nullable().default(null),
});

const LeaseState = z.object({
  outcome: z.literal('granted'),
  leaseId: z.uuid(),
  /** Sum of all that was ever lent to this lease. */
  grantedNanos: nanos,
  /** How long the edge may admit against it, from the receipt of this reply. */
  ttlMs: z.int().positive(),
});

/**
 * Lends money of an account to one edge for one key. Idempotent by `leaseId`: the same call again answers what was granted.
 * Grants at most `wantNanos`, at least `minNanos`, else refuses; a poor account gets exactly `minNanos`.
 */
export const GrantLease = rpc(
  'ledger.v1.rpc.lease.grant',
  z.object({
    leaseId: z.uuid(),
    accountId: z.uuid(),
    keyId: z.uuid(),
    edgeId: z.string().min(1).max(64),
    edgeEpoch: z.uuid(),
    wantNanos: nanos,
    minNanos: nanos,
    budgets: z
      .array(BudgetScope)
      .max(MAX_BUDGETS_OF_KEY + 1)
      .default([]),
  }),
  z.discriminatedUnion('outcome', [LeaseState, Refusal]),
);

/** Adds money to an open lease and renews it. Idempotent by `topUpId`. `not_found` for a closed or unknown lease: grant a new one. */
export const TopUpLease = rpc(
  'ledger.v1.rpc.lease.topup',
  z.object({
    leaseId: z.uuid(),
    topUpId: z.uuid(),
    edgeEpoch: z.uuid(),
    /** Zero renews without money. */
    wantNanos: nanos,
    minNanos: nanos,
    /** What of the lease nothing is held or charged against: with `minNanos` it is what the request that waits needs in all. */
    roomNanos: nanos.default(0n),
    /** What this edge has given back of the lease in all: where the ledger was given more meanwhile, it lends that much more. */
    returnedNanos: nanos.default(0n),
  }),
  z.discriminatedUnion('outcome', [LeaseState, Refusal]),
);

/**
 * Returns a lease. `keepNanos` stays in it for generations that still run or whose usage is under way: with 0 the lease is
 * closed, otherwise it is draining and the sweeper closes it when the usage has come or the time is up.
 */
export const CloseLease = rpc(
  'ledger.v1.rpc.lease.close',
  z.object({ leaseId: z.uuid(), edgeEpoch: z.uuid(), keepNanos: nanos }),
  z.object({ state: z.enum(['draining', 'closed']), returnedNanos: nanos }),
);

/**
 * The ledger asks an edge for what it holds no request against, because another request of the account or of a budget waits for
 * it. The edge answers at once with {@link ReturnCredit}, also when it has nothing to give (core NATS; the id is the edge's).
 */
export const LeaseRecalled = event(
  'ledger.v1.event.lease.recalled',
  z.object({ recallId: z.uuid(), edgeId: z.string(), leaseIds: z.array(z.uuid()).max(MAX_RECALLED_LEASES) }),
);

/**
 * Gives back a part of leases that stay open. `returnedNanos` is all that the edge ever gave back of the lease: the same call
 * again, or a late one, moves nothing more. Leases of other edges and closed ones are passed over.
 */
export const ReturnCredit = rpc(
  'ledger.v1.rpc.lease.return',
  z.object({
    edgeId: z.string().min(1).max(64),
    edgeEpoch: z.uuid(),
    recallId: z.uuid().nullable(),
    leases: z.array(z.object({ leaseId: z.uuid(), returnedNanos: nanos })).max(MAX_RECALLED_LEASES),
  }),
  z.object({}),
);

/**
 * Says that an earlier life of an edge is over, from the one that took its place and knows it dead: its leases are closed as
 * soon as the workers have noticed as well, and lend nothing any more. Idempotent.
 */
export const FenceEdge = rpc(
  'ledger.v1.rpc.edge.fence',
  z.object({ edgeId: z.string().min(1).max(64), edgeEpoch: z.uuid() }),
  z.object({ fencedLeases: z.int().nonnegative() }),
);

/** Told to the edge of a lease after each applied batch (core NATS; the id is the edge's). */
export const UsageApplied = event(
  'ledger.v1.event.usage.applied',
  z.object({ edgeId: z.string(), applied: z.array(AppliedUsage) }),
);

/** Opens the ledger account of a tenant. Idempotent. */
export const OpenAccount = rpc(
  'ledger.v1.rpc.account.open',
  z.object({ accountId: z.uuid() }),
  z.object({ opened: z.boolean() }),
);

/** `deposited = available + leased + spent`, all at one instant. `not_found` for an unknown account. */
export const GetBalance = rpc(
  'ledger.v1.rpc.account.balance',
  z.object({ accountId: z.uuid() }),
  z.object({ depositedNanos: nanos, availableNanos: nanos, leasedNanos: nanos, spentNanos: nanos }),
);

/**
 * Puts money into an account. Idempotent by (`source`, `externalId`): the same call again moves nothing and answers the same
 * deposit; the same ids with another amount or account are a `conflict`.
 */
export const CreateDeposit = rpc(
  'ledger.v1.rpc.deposit.create',
  z.object({
    accountId: z.uuid(),
    amountNanos: nanos,
    source: z.string().regex(/^[a-z0-9_-]{1,32}$/),
    externalId: z.string().min(1).max(200),
    note: z.string().max(500).nullable().default(null),
  }),
  z.object({
    depositId: z.uuid(),
    created: z.boolean(),
    amountNanos: nanos,
    createdAt: z.iso.datetime(),
    availableNanos: nanos,
  }),
);

const ownKeyNanos = nanos.default(0n);

const Spend = z.object({
  keyId: z.uuid(),
  totalNanos: nanos,
  dailyNanos: nanos,
  weeklyNanos: nanos,
  monthlyNanos: nanos,
  /** List price of what provider keys of the customer's own served, which is no part of the amounts above; the fee on it is. */
  ownKey: z
    .object({ totalNanos: ownKeyNanos, dailyNanos: ownKeyNanos, weeklyNanos: ownKeyNanos, monthlyNanos: ownKeyNanos })
    .prefault({}),
});

/** What keys have spent, in all and in the current UTC windows. Unknown keys spent nothing. */
export const GetKeySpend = rpc(
  'ledger.v1.rpc.key.spend',
  z.object({ keyIds: z.array(z.uuid()).max(100) }),
  z.object({ spend: z.array(Spend) }),
);

const Insurance = z.object({
  keyId: z.uuid(),
  /** Generations that were booked, and those of them that came to nothing and were free. */
  generations: z.int().nonnegative(),
  insured: z.int().nonnegative(),
  /** What the insured ones cost the house. */
  insuredCostNanos: nanos,
});

/** How often generations of keys came to nothing in the last days (UTC, today included): who makes use of the insurance shows. */
export const GetKeyInsurance = rpc(
  'ledger.v1.rpc.key.insurance',
  z.object({ keyIds: z.array(z.uuid()).max(100), days: z.int().min(1).max(90).default(1) }),
  z.object({ keys: z.array(Insurance) }),
);

/** The record of a generation, with its usage where it has been applied. `generation: null` when the account has no such id. */
export const GetGeneration = rpc(
  'ledger.v1.rpc.generation.get',
  z.object({ generationId: z.string().max(64), accountId: z.uuid() }),
  z.object({
    generation: GenerationRecord.nullable(),
    usage: UsageEvent.nullable(),
    chargedNanos: nanos.nullable(),
    appliedAt: z.iso.datetime().nullable(),
  }),
);

/** Re-derives the books. `violations` is empty when every invariant holds. */
export const RunAudit = rpc(
  'ledger.v1.rpc.audit.run',
  z.object({}),
  z.object({
    violations: z.array(z.object({ invariant: z.string(), count: z.int() })),
    openLeases: z.int(),
    oldestOpenLeaseMs: z.number().nullable(),
    quarantined: z.int(),
    /** Estimates of edges that wait for the real usage. */
    waitingEstimates: z.int(),
    oldestWaitingEstimateMs: z.number().nullable(),
    /** Generations of the open months that cost more than their bound, and what the house bore of that. */
    boundViolations: z.int(),
    overBoundNanos: nanos,
    /** How far the ledger has come in the stream of usage; null when the broker could not be asked. */
    backlog: z.object({ lastSequence: z.int(), settledSequence: z.int(), waiting: z.int() }).nullable(),
    totals: z.object({
      depositedNanos: nanos,
      availableNanos: nanos,
      leasedNanos: nanos,
      revenueNanos: nanos,
      houseLossNanos: nanos,
      trialBalanceNanos: signedNanos,
    }),
  }),
);
