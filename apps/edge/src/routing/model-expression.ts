import type { SortKey } from '@switchyard/contracts';
import { GatewayError } from '@switchyard/contracts';
import type { CatalogueView, PreparedModel } from '../catalogue/prepared-model.js';
import { availability } from './availability.js';

/** Variants that are valid on any model and mean a way of routing, not another catalogue id (spec 3.4). */
const DYNAMIC_VARIANTS: ReadonlyMap<string, Variant> = new Map([
  ['nitro', { sort: 'throughput', admitsTiers: new Set(['priority', 'fast']) }],
  ['floor', { sort: 'price', admitsTiers: new Set(['flex']) }],
] as const);

interface Variant {
  readonly sort: SortKey;
  /** Service tiers that the variant lets in (spec 3.3). */
  readonly admitsTiers: ReadonlySet<string>;
}

/** A model that was asked for, with what its variants say about routing. */
export interface RequestedModel {
  readonly prepared: PreparedModel;
  readonly variant: Variant | null;
}

const MAX_QUOTED_ID = 200;

/**
 * Resolves `author/slug`, catalogue variants (`:free`) and dynamic variants (`:nitro`, `:floor`, chained; the last one wins),
 * without duplicates. Every id must be known: a mistyped first choice must not be served, and billed, as its fallback.
 */
export function resolveModels(
  ids: readonly string[],
  catalogue: CatalogueView,
): readonly RequestedModel[] | GatewayError {
  if (ids.length === 0) return new GatewayError('invalid_model', { message: 'No models provided' });
  const resolved = new Map<string, RequestedModel>();
  for (const id of ids) {
    const model = resolveModel(id, catalogue);
    if (!model) return unknownModel(id, ids);
    if (!resolved.has(model.prepared.model.id)) resolved.set(model.prepared.model.id, model);
  }
  return [...resolved.values()];
}

/** One model expression; undefined when its model or one of its variants is unknown. */
export function resolveModel(expression: string, catalogue: CatalogueView): RequestedModel | undefined {
  let id = expression;
  let variant: Variant | null = null;
  for (;;) {
    const prepared = catalogue.find(id);
    if (prepared) return { prepared, variant };
    const colon = id.lastIndexOf(':');
    const suffix = colon > 0 ? DYNAMIC_VARIANTS.get(id.slice(colon + 1)) : undefined;
    if (!suffix) return undefined;
    variant ??= suffix;
    id = id.slice(0, colon);
  }
}

function unknownModel(id: string, requested: readonly string[]): GatewayError {
  return new GatewayError('invalid_model', {
    message: `${id.slice(0, MAX_QUOTED_ID)} is not a valid model ID`,
    metadata: availability({ code: 'model_not_found', retryable: false, requested }),
  });
}
