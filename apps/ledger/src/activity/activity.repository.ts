import { Injectable } from '@nestjs/common';
import { ceilToNanos, type ActivityRow, type Figures, type GetActivity, type RequestOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

interface Row {
  readonly day: string;
  readonly model: string;
  readonly upstream_model: string;
  readonly endpoint_id: string;
  readonly provider: string;
  readonly requests: string;
  readonly prompt: string;
  readonly completion: string;
  readonly reasoning: string;
  readonly charged: string;
  readonly own_key_cost: string;
}

interface ProviderRow {
  readonly day: string;
  readonly upstream_model: string;
  readonly requests: string;
  readonly input: string;
  readonly cache_read: string;
  readonly cache_write: string;
  readonly cache_write_1h: string;
  readonly output: string;
  readonly cost_pico: string;
}

/** One model of a provider on one day, as we booked it. */
export interface BookedDay {
  readonly day: string;
  readonly model: string;
  readonly figures: Figures;
}

/** Reads the table that the insertion of usage keeps. */
@Injectable()
export class ActivityRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  async of({ accountId, keyIds, fromDay, toDay }: RequestOf<typeof GetActivity>): Promise<ActivityRow[]> {
    const rows = await this.ledger.call<Row>(
      `SELECT day::text, model, upstream_model, endpoint_id, provider, sum(requests) AS requests,
         sum(input_tokens + cache_read + cache_write + cache_write_1h) AS prompt,
         sum(output_tokens) AS completion, sum(reasoning_tokens) AS reasoning, sum(charged) AS charged,
         coalesce(sum(cost_pico) FILTER (WHERE own_key), 0) AS own_key_cost
       FROM activity WHERE owner_id = $1 AND day BETWEEN $2::date AND $3::date AND ($4::uuid[] IS NULL OR key_id = ANY ($4))
       GROUP BY day, model, upstream_model, endpoint_id, provider ORDER BY day DESC, sum(charged) DESC, endpoint_id`,
      [accountId, fromDay, toDay, keyIds],
    );
    return rows.map((row) => ({
      day: row.day,
      model: row.model,
      upstreamModel: row.upstream_model,
      endpointId: row.endpoint_id,
      provider: row.provider,
      requests: countOf(row.requests),
      promptTokens: countOf(row.prompt),
      completionTokens: countOf(row.completion),
      reasoningTokens: countOf(row.reasoning),
      chargedNanos: BigInt(row.charged),
      ownKeyCostNanos: ceilToNanos(BigInt(row.own_key_cost)),
    }));
  }

  /** Everything that a provider was asked for by anybody, whoever paid: what its invoice should say. */
  async ofProvider(provider: string, fromDay: string, toDay: string): Promise<BookedDay[]> {
    const rows = await this.ledger.call<ProviderRow>(
      `SELECT day::text, upstream_model, sum(requests) AS requests, sum(input_tokens) AS input, sum(cache_read) AS cache_read,
         sum(cache_write) AS cache_write, sum(cache_write_1h) AS cache_write_1h, sum(output_tokens) AS output, sum(cost_pico) AS cost_pico
       FROM activity WHERE provider = $1 AND day BETWEEN $2::date AND $3::date AND NOT own_key
       GROUP BY day, upstream_model ORDER BY day, upstream_model`,
      [provider, fromDay, toDay],
    );
    return rows.map((row) => ({
      day: row.day,
      model: row.upstream_model,
      figures: {
        requests: countOf(row.requests),
        inputTokens: countOf(row.input),
        cacheReadTokens: countOf(row.cache_read),
        cacheWriteTokens: countOf(row.cache_write),
        cacheWrite1hTokens: countOf(row.cache_write_1h),
        outputTokens: countOf(row.output),
        costPicos: BigInt(row.cost_pico),
      },
    }));
  }
}

/** A count for JSON. Providers have reported absurd ones, and a sum of those need not fit. */
const countOf = (sum: string): number => {
  const count = BigInt(sum);
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count);
};
