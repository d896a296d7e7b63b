import type { Price, ServiceTier } from '@switchyard/contracts';

/** `service_tier` of a request by the tier that it makes eligible beside the standard one (spec 3.8). */
const ASKED: ReadonlyMap<string, ServiceTier> = new Map([
  ['priority', 'priority'],
  ['fast', 'priority'],
  ['flex', 'flex'],
]);

/**
 * The price that a generation is pinned to: without the tiers that its request did not ask for. A provider that serves a dearer
 * tier unasked (OpenAI does where its project is set so) is paid by the house, and the bound need not cover it.
 */
export function pinnedPrice(price: Price, requestedTier: string | undefined): Price {
  if (!price.serviceTiers) return price;
  const { serviceTiers, ...standard } = price;
  const tier = ASKED.get(requestedTier ?? '');
  const row = tier && serviceTiers[tier];
  return row ? { ...standard, serviceTiers: { [tier]: row } } : standard;
}
