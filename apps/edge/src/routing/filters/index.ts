import type { RoutingInput } from '../routing.js';
import {
  inputModality,
  jobNeeds,
  maxCompletionTokens,
  outputModality,
  requiredParameters,
  toolChoiceValue,
} from './capability-filters.js';
import { contextLength } from './context-length.js';
import type { Filter } from './filter.js';
import { maxPrice } from './max-price.js';
import { distillableText, quantization } from './model-quality-filters.js';
import { policyFilters } from './policy-filters.js';
import { dataCollection, zeroDataRetention } from './privacy-filters.js';
import {
  allowedProviders,
  ignoredProviders,
  listedOnly,
  serviceTier,
  unknownProvider,
  workerUnavailable,
} from './provider-filters.js';
import { readableMedia } from './readable-media.js';
import { extendedContext, freeOnly, thinkingVariant, webSearch } from './variant-filters.js';

/** In this order, policies after them; the last one that left an endpoint out names the error when nothing is left. */
const FACTORIES = [
  unknownProvider,
  serviceTier,
  outputModality,
  inputModality,
  jobNeeds,
  readableMedia,
  freeOnly,
  extendedContext,
  thinkingVariant,
  webSearch,
  allowedProviders,
  ignoredProviders,
  listedOnly,
  zeroDataRetention,
  dataCollection,
  distillableText,
  quantization,
  maxPrice,
  requiredParameters,
  toolChoiceValue,
];

/** After the policies: what is wrong with the size of a request, or for the moment, is worth telling only where the rest would do. */
const LAST = [maxCompletionTokens, contextLength, workerUnavailable];

/** The hard filters that have something to say about this request. */
export const hardFilters = (input: RoutingInput): readonly Filter[] => [
  ...FACTORIES.map((make) => make(input)).filter((filter) => filter !== null),
  ...policyFilters(input),
  ...LAST.map((make) => make(input)).filter((filter) => filter !== null),
];
