import type { SortKey } from '@switchyard/contracts';

/** What the variants behind a model's name ask of routing (spec 3.4). */
export interface Variants {
  /** `:nitro`, `:floor`, `:exacto`: the last one wins. */
  readonly sort: SortKey | null;
  /** Service tiers that they let in beside the ordinary service (spec 3.3). */
  readonly admitsTiers: ReadonlySet<string>;
  /** `:free`: only endpoints that cost nothing. */
  readonly free: boolean;
  /** `:extended`: only the endpoints with the longest context of the model. */
  readonly extended: boolean;
  /** `:thinking`: the model reasons, where the request does not say otherwise. */
  readonly thinking: boolean;
  /** `:online`: the provider searches the web. */
  readonly online: boolean;
}

const NO_TIERS: ReadonlySet<string> = new Set();
export const NO_VARIANTS: Variants = {
  sort: null,
  admitsTiers: NO_TIERS,
  free: false,
  extended: false,
  thinking: false,
  online: false,
};

/**
 * Variants that mean something on any model. `:free`, `:extended` and `:thinking` are ids of their own where the catalogue has
 * such an id, and only otherwise a way of routing.
 */
const VARIANTS: ReadonlyMap<string, Partial<Variants>> = new Map<string, Partial<Variants>>([
  ['nitro', { sort: 'throughput', admitsTiers: new Set(['priority', 'fast']) }],
  ['floor', { sort: 'price', admitsTiers: new Set(['flex']) }],
  ['exacto', { sort: 'exacto', admitsTiers: NO_TIERS }],
  ['free', { free: true }],
  ['extended', { extended: true }],
  ['thinking', { thinking: true }],
  ['online', { online: true }],
]);

export const VARIANT_NAMES: readonly string[] = [...VARIANTS.keys()];

/** The name before all variants, known or not. */
export function withoutVariants(id: string): string {
  const colon = id.indexOf(':');
  return colon < 0 ? id : id.slice(0, colon);
}

/** Splits the last variant off an id; null where there is none, or nobody knows it. */
export function lastVariant(id: string): { readonly id: string; readonly variant: Partial<Variants> } | null {
  const colon = id.lastIndexOf(':');
  const variant = colon > 0 ? VARIANTS.get(id.slice(colon + 1)) : undefined;
  return variant ? { id: id.slice(0, colon), variant } : null;
}

/** What variants say about who may serve and what is sent; in which order they are tried is no other model. */
export const variantKey = ({ free, extended, thinking, online }: Variants): string =>
  [free, extended, thinking, online].join();
