import type { Usage } from '@switchyard/contracts';
import { RECEIPT_TYPE } from '@switchyard/receipts';
import type { Receipt } from '@switchyard/receipts';
import type { KnownGeneration } from '../generations/recent-generations.js';

/** What is signed of a generation: the facts of its record and its booking, nothing that follows from its words. */
export function receiptOf(
  { generation, usage: event, chargedNanos }: KnownGeneration,
  keyHash: string | null,
  issuedAt: Date,
): Receipt {
  return {
    type: RECEIPT_TYPE,
    generation_id: generation.id,
    key_hash: keyHash,
    created_at: generation.createdAt,
    issued_at: issuedAt.toISOString(),
    requested_model: generation.requestedModel,
    model: generation.model,
    provider: generation.provider,
    endpoint_id: generation.endpointId,
    status: generation.status,
    usage: event && bucketsOf(event.usage),
    usage_source: event?.usage.source ?? null,
    usage_outcome: event?.outcome ?? null,
    service_tier: event?.usage.serviceTier ?? null,
    price_version: generation.priceVersion,
    currency: 'USD',
    cost_nanos: event && String(event.costNanos),
    charged_nanos: chargedNanos === null ? null : String(chargedNanos),
  };
}

/** Every count of a usage under the name that it has here, in the style of the public API; zeros say that nothing was left out. */
const bucketsOf = (usage: Usage): Record<string, number> =>
  Object.fromEntries(
    Object.entries(usage).flatMap(([name, value]) => (typeof value === 'number' ? [[snakeCase(name), value]] : [])),
  );

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`);
