import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  DiscardQuarantined,
  GatewayError,
  ListQuarantine,
  QuarantinedUsage,
  RetryQuarantined,
  formatUsd,
} from '@switchyard/contracts';
import { z } from 'zod';
import { parseInput } from '../account/key-bodies.js';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';

const ListQuery = z.object({
  state: z.enum(['open', 'applied', 'discarded']).default('open'),
  after: z.string().max(120).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
const RetryBody = z.object({ note: z.string().trim().max(500).nullish() });
const DiscardBody = z.object({ note: z.string().trim().min(1).max(500) });

const ACTION_TIMEOUT_MS = 15_000;

/** Usage that the ledger could not apply, for the operator: to look at, to apply once its cause is mended, or to give up. */
@Controller(apiPaths('quarantine'))
export class QuarantineController {
  constructor(private readonly rpc: RpcClient) {}

  @Get()
  @Access('operator')
  async list(@Query() query: unknown) {
    const { state, after, limit } = parseInput(ListQuery, query);
    const { items, next } = await this.rpc.call(ListQuarantine, { state, after: after ?? null, limit });
    return { data: items.map(itemView), next };
  }

  @Post(':digest/retry')
  @HttpCode(200)
  @Access('operator')
  async retry(@CurrentCaller() { key }: Caller, @Param('digest') digest: string, @Body() body: unknown) {
    const { note } = parseInput(RetryBody, body ?? {});
    const request = { digest: digestOf(digest), actor: key.id, note: note ?? null };
    const { applied, result, chargedNanos } = await this.rpc.call(RetryQuarantined, request, {
      timeoutMs: ACTION_TIMEOUT_MS,
    });
    return { data: { applied, result, charged: formatUsd(chargedNanos) } };
  }

  @Post(':digest/discard')
  @HttpCode(200)
  @Access('operator')
  async discard(@CurrentCaller() { key }: Caller, @Param('digest') digest: string, @Body() body: unknown) {
    const { note } = parseInput(DiscardBody, body ?? {});
    await this.rpc.call(
      DiscardQuarantined,
      { digest: digestOf(digest), actor: key.id, note },
      { timeoutMs: ACTION_TIMEOUT_MS },
    );
    return { data: { discarded: true } };
  }
}

/** What is no digest cannot be the digest of a message. */
function digestOf(text: string): string {
  const digest = QuarantinedUsage.shape.digest.safeParse(text);
  if (!digest.success) throw new GatewayError('not_found', { message: 'Nothing in quarantine has this digest.' });
  return digest.data;
}

const itemView = (item: QuarantinedUsage) => ({
  digest: item.digest,
  generation_id: item.generationId,
  subject: item.subject,
  stream_sequence: item.streamSequence,
  reason: item.reason,
  state: item.state,
  deliveries: item.deliveries,
  first_seen_at: item.firstSeenAt,
  last_seen_at: item.lastSeenAt,
  usage: item.event && {
    provider: item.event.provider,
    model: item.event.model,
    outcome: item.event.outcome,
    cost: formatUsd(item.event.costNanos),
    bound: formatUsd(item.event.boundNanos),
    witness: item.event.witness,
  },
  actions: item.actions,
});
