import { sqlStateOf } from '@switchyard/database';
import { GatewayError } from '@switchyard/contracts';
import { GRACE_MS, incoming, TTL_MS, usageEvent, type GrantRequest } from './builders.js';
import type { LedgerBench } from './ledger-bench.js';

export type { GrantRequest } from './builders.js';

export type GrantReply =
  | { readonly outcome: 'granted'; readonly grantedNanos: bigint; readonly ttlMs: number }
  | { readonly outcome: 'refused'; readonly reason: string; readonly availableNanos: bigint }
  | { readonly outcome: 'gone' | 'conflict' };
export interface TopUpRequest {
  readonly leaseId: string;
  readonly topUpId: string;
  readonly edgeEpoch: string;
  readonly wantNanos: bigint;
  readonly minNanos: bigint;
}
export interface UsageClaim {
  readonly generationId: string;
  readonly leaseId: string;
  readonly grant: GrantRequest;
  readonly costNanos: bigint;
  readonly outcome: 'final' | 'insured';
}
export interface Settled {
  readonly status: string;
  readonly chargedNanos: bigint;
}
export type ScopeState = string;

/** What the model test drives: the reference in memory, and the ledger on PostgreSQL. */
export interface LedgerUnderTest {
  setNow(at: number): Promise<void>;
  open(accountId: string): Promise<void>;
  deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string>;
  grant(request: GrantRequest): Promise<GrantReply>;
  topUp(request: TopUpRequest): Promise<GrantReply>;
  close(leaseId: string, keepNanos: bigint, edgeEpoch: string): Promise<string>;
  apply(batch: readonly UsageClaim[]): Promise<Settled[]>;
  /** How many leases it closed. */
  sweep(): Promise<number>;
  /** `deposited = available + leased + spent`. */
  balance(accountId: string): Promise<string>;
  scopes(scopeIds: readonly string[]): Promise<ScopeState[]>;
}

/** The real one; a new object for each sequence of commands, so that it counts only the leases of its own. */
export class PostgresLedger implements LedgerUnderTest {
  readonly #leases = new Set<string>();

  constructor(private readonly bench: LedgerBench) {}

  setNow(at: number): Promise<void> {
    return this.bench.setClock(new Date(at));
  }

  async open(accountId: string): Promise<void> {
    await this.bench.accounts.open(accountId);
  }

  async deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string> {
    try {
      const { created } = await this.bench.deposits.create({
        accountId,
        amountNanos,
        source: 'model',
        externalId,
        note: null,
      });
      return created ? 'created' : 'known';
    } catch (error) {
      return refusalOf(error);
    }
  }

  async grant(request: GrantRequest): Promise<GrantReply> {
    this.#leases.add(request.leaseId);
    try {
      return strip(await this.bench.leases.grant(request, TTL_MS));
    } catch (error) {
      if (refusalOf(error) === 'conflict') return { outcome: 'conflict' };
      throw error;
    }
  }

  async topUp(request: TopUpRequest): Promise<GrantReply> {
    const reply = await this.bench.leases.topUp(request);
    return reply ? strip(reply) : { outcome: 'gone' };
  }

  async close(leaseId: string, keepNanos: bigint, edgeEpoch: string): Promise<string> {
    const reply = await this.bench.leases.close({ leaseId, keepNanos, edgeEpoch });
    return reply ? `${reply.state} ${reply.returnedNanos}` : 'gone';
  }

  async apply(batch: readonly UsageClaim[]): Promise<Settled[]> {
    const applied = await this.bench.usage.apply(
      batch.map(({ grant, costNanos, outcome, generationId }) =>
        incoming(usageEvent(grant, costNanos, { outcome, generationId })),
      ),
    );
    return applied.map(({ status, chargedNanos }) => ({ status, chargedNanos }));
  }

  async sweep(): Promise<number> {
    let closed = 0;
    for (const leaseId of await this.bench.leases.due(GRACE_MS, 1_000))
      if ((await this.bench.leases.expire(leaseId, GRACE_MS)) && this.#leases.has(leaseId)) closed += 1;
    return closed;
  }

  async balance(accountId: string): Promise<string> {
    const { depositedNanos, availableNanos, leasedNanos, spentNanos } = (await this.bench.accounts.balance(accountId))!;
    return `${depositedNanos} = ${availableNanos} + ${leasedNanos} + ${spentNanos}`;
  }

  async scopes(scopeIds: readonly string[]): Promise<ScopeState[]> {
    const rows = await this.bench.asService<Record<string, string>>(
      `SELECT scope_id, period, cap, reserved, spent, forced,
         CASE WHEN isfinite(window_start) THEN (extract(epoch FROM window_start) * 1000)::bigint ELSE 0 END AS start
       FROM budget WHERE scope_id = ANY ($1::uuid[])`,
      [scopeIds],
    );
    return rows
      .map((row) =>
        [row['scope_id'], row['period'], row['start'], row['cap'], row['reserved'], row['spent'], row['forced']].join(
          ' ',
        ),
      )
      .sort();
  }
}

function strip(reply: Awaited<ReturnType<LedgerBench['leases']['grant']>>): GrantReply {
  if (reply.outcome === 'granted') return { outcome: 'granted', grantedNanos: reply.grantedNanos, ttlMs: reply.ttlMs };
  return { outcome: 'refused', reason: reply.reason, availableNanos: reply.availableNanos };
}

const refusalOf = (error: unknown): string =>
  error instanceof GatewayError ? error.code : `unexpected ${sqlStateOf(error) ?? String(error)}`;
