import type { CatalogueEndpoint, ReasoningOptions } from '@switchyard/contracts';

export type Effort = NonNullable<ReasoningOptions['effort']>;
type ActiveEffort = Exclude<Effort, 'none'>;

/** From most to least, the order in which "nearest" is meant. */
const EFFORTS: readonly ActiveEffort[] = ['max', 'xhigh', 'high', 'medium', 'low', 'minimal'];

/** Share of the output that each effort may think (spec 2.8). */
const RATIOS: Readonly<Record<ActiveEffort, number>> = {
  max: 0.95,
  xhigh: 0.95,
  high: 0.8,
  medium: 0.5,
  low: 0.2,
  minimal: 0.1,
};

/** What a caller wants, after the aliases: off, on with an effort, or on with a budget. */
export type ReasoningWish =
  | { readonly kind: 'off' }
  | { readonly kind: 'effort'; readonly effort: ActiveEffort }
  | { readonly kind: 'budget'; readonly tokens: number };

/** `enabled: true` without more is medium (spec 2.2). Undefined: the caller said nothing, the model's default holds. */
export function reasoningWish(options: ReasoningOptions | undefined): ReasoningWish | undefined {
  if (!options) return undefined;
  if (options.enabled === false || options.effort === 'none') return { kind: 'off' };
  if (options.maxTokens !== undefined) return { kind: 'budget', tokens: options.maxTokens };
  if (options.effort) return { kind: 'effort', effort: options.effort };
  return options.enabled ? { kind: 'effort', effort: 'medium' } : undefined;
}

/** Tokens of thinking for an effort, before a provider's own limits. */
export const budgetForEffort = (effort: ActiveEffort, maxTokens: number): number =>
  Math.floor(maxTokens * RATIOS[effort]);

/** The effort whose share of `maxTokens` is nearest to a budget. */
export function effortForBudget(tokens: number, maxTokens: number): ActiveEffort {
  const ratio = tokens / Math.max(maxTokens, 1);
  const candidates = EFFORTS.filter((effort) => effort !== 'max' && effort !== 'xhigh');
  if (ratio >= (RATIOS.high + RATIOS.xhigh) / 2) return 'xhigh';
  return candidates.reduce((best, effort) =>
    Math.abs(RATIOS[effort] - ratio) < Math.abs(RATIOS[best] - ratio) ? effort : best,
  );
}

/** The effort of a list that is nearest to the wanted one; the wanted one when the list is empty. */
export function nearestEffort(wanted: ActiveEffort, supported: readonly string[]): ActiveEffort {
  const known = EFFORTS.filter((effort) => supported.includes(effort));
  if (known.length === 0) return wanted;
  const distance = (effort: ActiveEffort): number => Math.abs(EFFORTS.indexOf(effort) - EFFORTS.indexOf(wanted));
  return known.reduce((best, effort) => (distance(effort) < distance(best) ? effort : best));
}

/** Whether thinking can be switched off; a mandatory thinker ignores the wish (spec 2.8). */
export const mayDisable = (endpoint: CatalogueEndpoint): boolean => endpoint.reasoning?.mandatory !== true;
