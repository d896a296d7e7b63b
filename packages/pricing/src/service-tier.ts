import { requestedTier, type Price } from '@switchyard/contracts';

/**
 * The price that a generation is pinned to: without the tiers that its request did not ask for. A provider that serves a dearer
 * tier unasked (OpenAI does where its project is set so) is paid by the house, and the bound need not cover it.
 */
export function pinnedPrice(price: Price, serviceTier: string | undefined): Price {
  if (!price.serviceTiers) return price;
  const { serviceTiers, ...standard } = price;
  const tier = requestedTier(serviceTier);
  const row = tier && serviceTiers[tier];
  return row ? { ...standard, serviceTiers: { [tier]: row } } : standard;
}
