import type { RoutingInput } from '../routing.js';
import { inputModality, maxCompletionTokens, outputModality, requiredParameters } from './capability-filters.js';
import { contextLength } from './context-length.js';
import type { Filter } from './filter.js';
import { maxPrice } from './max-price.js';
import { distillableText, quantization } from './model-quality-filters.js';
import { dataCollection, zeroDataRetention } from './privacy-filters.js';
import {
  allowedProviders,
  ignoredProviders,
  listedOnly,
  serviceTier,
  unknownProvider,
  workerUnavailable,
} from './provider-filters.js';

/** In this order; the last one that left an endpoint out names the error when nothing is left. */
const FACTORIES = [
  unknownProvider,
  serviceTier,
  outputModality,
  inputModality,
  allowedProviders,
  ignoredProviders,
  listedOnly,
  zeroDataRetention,
  dataCollection,
  distillableText,
  quantization,
  maxPrice,
  requiredParameters,
  maxCompletionTokens,
  contextLength,
  workerUnavailable,
];

/** The hard filters that have something to say about this request. */
export const hardFilters = (input: RoutingInput): readonly Filter[] =>
  FACTORIES.map((make) => make(input)).filter((filter) => filter !== null);
