import { loadConfig, serviceConfig } from '@switchyard/chassis';
import { TicketSecret } from '@switchyard/contracts';
import { z } from 'zod';
import {
  paymentOptions,
  paymentSettings,
  refuseHalfPayments,
  type PaymentOptions,
} from './payments/payment-settings.js';
import type { FreeLimits } from './quota/free-limits.js';

const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/[^/]+\/.+/, 'is not the address of a PostgreSQL database')
  .describe('postgres://user:password@host:port/database');

const requests = (fallback: number) => z.coerce.number().int().min(0).max(1_000_000_000).default(fallback);
const milliseconds = (fallback: number) => z.coerce.number().int().min(10).max(86_400_000).default(fallback);

const settings = z.object({
  ...serviceConfig,
  ...paymentSettings,
  DATABASE_URL: databaseUrl,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(10),
  /** The same as the edges': what they admit is vouched for under it. */
  TICKET_SECRET: TicketSecret,
  /** How long an edge may admit against a lease without renewing it. */
  LEASE_TTL_MS: milliseconds(60_000),
  /** How long after that usage may still be captured from the lease before it is closed. */
  LEASE_GRACE_MS: milliseconds(30_000),
  /** The smallest useful lease, in nano-USD: an account with less than this for each of its edges is lent exactly what a request needs. */
  LEASE_MIN_NANOS: z.coerce.bigint().min(0n).max(1_000_000_000_000n).default(10_000_000n),
  /** How long the broker waits for the booking of usage before it delivers it again: to another ledger, or after a crash. */
  USAGE_ACK_WAIT_MS: milliseconds(30_000),
  /** How long an edge's estimate of what a lost worker used waits for the real usage. */
  ESTIMATE_WAIT_MS: milliseconds(60_000),
  SWEEP_INTERVAL_MS: milliseconds(1_000),
  AUDIT_INTERVAL_MS: milliseconds(60_000),
  /** How often the audit reads the sealed months, too. */
  FULL_AUDIT_INTERVAL_MS: milliseconds(86_400_000),
  /** Goes on lending money although the audit found violations. */
  GRANT_DESPITE_VIOLATIONS: z.stringbool().default(false),
  /** Requests of free models per account and UTC minute; 0 is no limit, here and in the next two. */
  FREE_REQUESTS_PER_MINUTE: requests(20),
  /** Per UTC day, for accounts that bought less credit in their life than the threshold. */
  FREE_REQUESTS_PER_DAY: requests(50),
  /** Per UTC day, for all others. */
  FREE_REQUESTS_PER_DAY_ABOVE: requests(1_000),
  FREE_THRESHOLD_NANOS: z.coerce.bigint().min(0n).max(1_000_000_000_000_000_000n).default(10_000_000_000n),
});

export const schema = settings.superRefine(refuseHalfPayments);

/** What the parts of the ledger need to know, named once. */
export interface LedgerOptions {
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly natsUrl: string;
  readonly ticketSecret: string;
  readonly leaseTtlMs: number;
  readonly leaseGraceMs: number;
  readonly leaseMinNanos: bigint;
  readonly usageAckWaitMs: number;
  readonly estimateWaitMs: number;
  readonly sweepIntervalMs: number;
  readonly auditIntervalMs: number;
  readonly fullAuditIntervalMs: number;
  readonly grantDespiteViolations: boolean;
  readonly freeLimits: FreeLimits;
  readonly payments: PaymentOptions;
}

export const LEDGER_OPTIONS = Symbol('ledger options');

export function serviceOptions() {
  const config = loadConfig(schema);
  const ledger: LedgerOptions = {
    databaseUrl: config.DATABASE_URL,
    databasePoolSize: config.DATABASE_POOL_SIZE,
    natsUrl: config.NATS_URL,
    ticketSecret: config.TICKET_SECRET,
    leaseTtlMs: config.LEASE_TTL_MS,
    leaseGraceMs: config.LEASE_GRACE_MS,
    leaseMinNanos: config.LEASE_MIN_NANOS,
    usageAckWaitMs: config.USAGE_ACK_WAIT_MS,
    estimateWaitMs: config.ESTIMATE_WAIT_MS,
    sweepIntervalMs: config.SWEEP_INTERVAL_MS,
    auditIntervalMs: config.AUDIT_INTERVAL_MS,
    fullAuditIntervalMs: config.FULL_AUDIT_INTERVAL_MS,
    grantDespiteViolations: config.GRANT_DESPITE_VIOLATIONS,
    payments: paymentOptions(config),
    freeLimits: {
      perMinute: config.FREE_REQUESTS_PER_MINUTE,
      perDay: config.FREE_REQUESTS_PER_DAY,
      perDayAbove: config.FREE_REQUESTS_PER_DAY_ABOVE,
      thresholdNanos: config.FREE_THRESHOLD_NANOS,
    },
  };
  return {
    ledger,
    chassis: {
      httpHost: config.HTTP_HOST,
      httpPort: config.HTTP_PORT,
      natsUrl: config.NATS_URL,
      logLevel: config.LOG_LEVEL,
    },
  };
}

export const migrationConfig = () =>
  loadConfig(z.object({ MIGRATION_DATABASE_URL: databaseUrl, DATABASE_URL: databaseUrl }));

export const auditConfig = () =>
  loadConfig(z.object({ DATABASE_URL: databaseUrl, NATS_URL: z.string().min(1).optional() }));
