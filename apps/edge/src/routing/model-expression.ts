import { GatewayError } from '@switchyard/contracts';
import type { CatalogueView, PreparedModel } from '../catalogue/prepared-model.js';
import { availability } from './availability.js';
import { newestOfFamily } from './model-families.js';
import { isRouter, routerOf } from './routers/names.js';
import type { Router } from './routers/names.js';
import { NO_VARIANTS, VARIANT_NAMES, lastVariant, variantKey, withoutVariants } from './variants.js';
import type { Variants } from './variants.js';

/** A model that was asked for, with what its variants say about routing. */
export interface RequestedModel {
  readonly prepared: PreparedModel;
  readonly variants: Variants;
}

/** Chooses models for a router; an empty list is none that fits. */
export type ModelChooser = (router: Router, variants: Variants) => readonly RequestedModel[];

const MAX_QUOTED_ID = 200;

/**
 * Resolves `author/slug`, `~author/family-latest`, variants and routers, without duplicates. Every id must be known: a mistyped
 * first choice must not be served, and billed, as its fallback.
 * @param choose what routers choose; without it they stand for nothing
 */
export function resolveModels(
  ids: readonly string[],
  catalogue: CatalogueView,
  choose: ModelChooser = () => [],
): readonly RequestedModel[] | GatewayError {
  if (ids.length === 0) return new GatewayError('invalid_model', { message: 'No models provided' });
  const resolved = new Map<string, RequestedModel>();
  for (const id of ids) {
    const models = resolveExpression(id, catalogue, choose);
    if (!models) return unknownModel(id, ids, catalogue);
    for (const model of models) {
      const key = `${model.prepared.model.id} ${variantKey(model.variants)}`;
      if (!resolved.has(key)) resolved.set(key, model);
    }
  }
  return [...resolved.values()];
}

/** One model expression, to show it; undefined when its model or one of its variants is unknown, and for a router of ours. */
export function resolveModel(expression: string, catalogue: CatalogueView): RequestedModel | undefined {
  const listed = catalogue.find(expression);
  if (listed) return { prepared: listed, variants: NO_VARIANTS };
  return resolveExpression(expression, catalogue, () => [])?.[0];
}

function resolveExpression(
  expression: string,
  catalogue: CatalogueView,
  choose: ModelChooser,
): readonly RequestedModel[] | undefined {
  let id = expression;
  let variants = NO_VARIANTS;
  for (;;) {
    // Before the catalogue, which may list the routers of an upstream that has some itself.
    const router = routerOf(id);
    if (router) return choose(router, variants);
    const prepared = catalogue.find(id) ?? newestOfFamily(id, catalogue);
    if (prepared) return [{ prepared, variants }];
    const split = lastVariant(id);
    if (!split) return undefined;
    // Read from the end: what was found already stands behind this one, and wins.
    variants = {
      ...variants,
      ...split.variant,
      ...(variants.sort !== null && { sort: variants.sort, admitsTiers: variants.admitsTiers }),
    };
    ({ id } = split);
  }
}

function unknownModel(id: string, requested: readonly string[], catalogue: CatalogueView): GatewayError {
  const base = withoutVariants(id);
  const isKnown = catalogue.find(base) !== undefined || isRouter(base);
  return new GatewayError('invalid_model', {
    message: `${id.slice(0, MAX_QUOTED_ID)} is not a valid model ID`,
    metadata: availability({
      code: 'model_not_found',
      retryable: false,
      requested,
      ...(isKnown && {
        constraint: { field: 'model', detail: `Variants are ${VARIANT_NAMES.map((name) => `:${name}`).join(', ')}.` },
      }),
    }),
  });
}
