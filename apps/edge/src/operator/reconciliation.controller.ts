import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GatewayError, ReconcileUsage, formatPrice } from '@switchyard/contracts';
import type { Figures, ReconciledDay } from '@switchyard/contracts';
import { z } from 'zod';
import { Access, apiPaths } from '../http/access.js';

const RECONCILE_TIMEOUT_MS = 30_000;

const Import = z.object({
  provider: z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be the id of a provider'),
  /** The export as it was downloaded: JSON or CSV text. Larger ones go through the command line. */
  export: z.string().min(1).max(700_000, 'is too large for the API: use the command line'),
});

/** Compares the books with a provider's own export of usage or cost: for the operator, because it covers all tenants. */
@Controller(apiPaths('reconciliation'))
export class ReconciliationController {
  constructor(private readonly rpc: RpcClient) {}

  @Post()
  @HttpCode(200)
  @Access('operator')
  async reconcile(@Body() body: unknown) {
    const parsed = Import.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new GatewayError('invalid_request', { message: `${issue?.path.join('.')}: ${issue?.message}` });
    }
    const reply = await this.rpc.call(ReconcileUsage, parsed.data, { timeoutMs: RECONCILE_TIMEOUT_MS });
    return {
      data: {
        format: reply.format,
        models: reply.models.map(entry),
        days: reply.days.map((day) => ({ date: day.day, ...entry(day) })),
      },
    };
  }
}

const entry = ({ model, status, ours, theirs }: Omit<ReconciledDay, 'day'>) => ({
  model,
  status,
  ours: ours && figures(ours),
  theirs: theirs && figures(theirs),
});

const figures = (sum: Figures) => ({
  requests: sum.requests,
  input_tokens: sum.inputTokens,
  cache_read_tokens: sum.cacheReadTokens,
  cache_write_tokens: sum.cacheWriteTokens,
  cache_write_1h_tokens: sum.cacheWrite1hTokens,
  output_tokens: sum.outputTokens,
  cost: sum.costPicos === null ? null : formatPrice(sum.costPicos),
});
