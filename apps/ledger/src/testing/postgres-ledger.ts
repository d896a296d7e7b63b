import { GatewayError } from '@switchyard/contracts';
import { sqlStateOf } from '@switchyard/database';
import { RecallsRepository } from '../leases/recalls.repository.js';
import { PromosRepository } from '../deposits/promos.repository.js';
import { RefundsRepository } from '../deposits/refunds.repository.js';
import { LedgerRepository } from '../database/ledger.repository.js';
import { GRACE_MS, incoming, tickets, TTL_MS, usageEvent, type GrantRequest } from './builders.js';
import type { LedgerBench } from './ledger-bench.js';
import {
  ESTIMATE_WAIT_MS,
  type GrantReply,
  type LedgerUnderTest,
  type ScopeState,
  type Settled,
  type TopUpRequest,
  type UsageClaim,
} from './ledger-under-test.js';

/** The real one; a new object for each sequence of commands, so that it counts only the leases of its own. */
export class PostgresLedger implements LedgerUnderTest {
  readonly #leases = new Set<string>();
  readonly #deposits = new Map<string, string>();
  readonly #promos = new Set<string>();
  readonly #generations = new Set<string>();
  readonly #refundsOf: RefundsRepository;
  readonly #promosOf: PromosRepository;

  constructor(private readonly bench: LedgerBench) {
    const ledger = new LedgerRepository(bench.dataSource);
    this.#refundsOf = new RefundsRepository(ledger);
    this.#promosOf = new PromosRepository(ledger);
  }

  setNow(at: number): Promise<void> {
    return this.bench.setClock(new Date(at));
  }

  async open(accountId: string): Promise<void> {
    await this.bench.accounts.open(accountId);
  }

  async deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string> {
    try {
      const { created, depositId } = await this.bench.deposits.create({
        accountId,
        amountNanos,
        source: 'model',
        externalId,
        note: null,
      });
      this.#deposits.set(externalId, depositId);
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

  async giveBack(leaseId: string, returnedNanos: bigint, edgeEpoch: string): Promise<void> {
    const recalls = new RecallsRepository(new LedgerRepository(this.bench.dataSource));
    await recalls.return({ edgeId: 'edge-1', edgeEpoch, recallId: null, leases: [{ leaseId, returnedNanos }] });
  }

  async apply(batch: readonly UsageClaim[]): Promise<Settled[]> {
    const events = batch.map(({ grant, costNanos, boundNanos, outcome, generationId, waits }) => {
      this.#generations.add(generationId);
      const witness = waits ? 'edge' : 'worker';
      return incoming(usageEvent(grant, costNanos, { outcome, generationId, boundNanos, witness }));
    });
    const applied = await this.bench.usage.apply(events, { estimateWaitMs: ESTIMATE_WAIT_MS });
    // What waits is answered behind what was booked.
    const bySequence = new Map(applied.map((one) => [one.sequence, one]));
    return events.map(({ sequence }) => {
      const { status, chargedNanos } = bySequence.get(sequence)!;
      return { status, chargedNanos };
    });
  }

  async bookWaiting(): Promise<string[]> {
    const due = await this.bench.usage.due(1_000, tickets);
    const own = due.filter(({ usage }) => usage.event !== null && this.#generations.has(usage.event.generationId));
    const applied = own.length > 0 ? await this.bench.usage.apply(own) : [];
    return applied
      .map(({ generationId, status, chargedNanos }) => `${generationId} ${status} ${chargedNanos}`)
      .toSorted();
  }

  async refund(accountId: string, deposit: string, amountNanos: bigint, externalId: string): Promise<string> {
    const depositId = this.#deposits.get(deposit)!;
    try {
      const begun = await this.#refundsOf.begin({ accountId, depositId, amountNanos, externalId, note: null }, 1n);
      return begun.outcome;
    } catch (error) {
      return refusalOf(error);
    }
  }

  async grantPromo(accountId: string, amountNanos: bigint, externalId: string, expiresAt: number): Promise<string> {
    const at = new Date(expiresAt).toISOString();
    const promo = await this.#promosOf.grant({ accountId, amountNanos, externalId, expiresAt: at, note: null });
    this.#promos.add(promo.depositId);
    return promo.created ? 'created' : 'known';
  }

  async expirePromos(): Promise<bigint> {
    let taken = 0n;
    for (const depositId of await this.#promosOf.expired(10_000))
      if (this.#promos.has(depositId)) taken += await this.#promosOf.expire(depositId);
    return taken;
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
