import { ceilToNanos, type CatalogueEndpoint, type ServiceTier } from '@switchyard/contracts';
import {
  ceilDivide,
  effectivePrice,
  hasRows,
  payablePpm,
  promptThresholds,
  UNDISCOUNTED_PPM,
  type UnitPrices,
} from './effective-price.js';
import { mostPromptTokens, mostSearches, promptPicos, type PromptSize } from './prompt-bound.js';

export interface BoundInput extends PromptSize {
  /** Output limit that the caller set, per choice; null: the endpoint's own. */
  readonly maxTokens: number | null;
  readonly n: number;
  readonly admittedAtMs: number;
  /** Modalities that were asked for; absent: any. Prices of media that cannot occur are left out of the bound. */
  readonly outputModalities?: readonly string[];
  /** Most of what is billed by the piece in jobs; absent: none. */
  readonly pieces?: Pieces;
}

/** What can be billed without a token: characters that are spoken, seconds that are heard, images that are made. */
export interface Pieces {
  readonly characters?: number;
  readonly seconds?: number;
  readonly outputImages?: number;
}

/** The part of an endpoint that the bound depends on. */
export type PricedEndpoint = Pick<
  CatalogueEndpoint,
  'price' | 'maxCompletionTokens' | 'contextLength' | 'modelId' | 'outputModalities' | 'supportedParameters'
>;

/**
 * The most that one request can cost, in nano-USD, whichever of the endpoints serves it and whatever it reports within its
 * limits: cached or not, text or media, at any size that selects another override row, at any tier that its price has. Never
 * less than `costOf` of the usage. Prices are those that the generation is pinned to (`pinnedPrice`).
 * @throws RangeError without endpoints, or for counts that are not whole numbers.
 */
export function boundOf(request: BoundInput, endpoints: readonly PricedEndpoint[]): bigint {
  if (endpoints.length === 0) throw new RangeError('a bound needs at least one endpoint');
  return endpoints.reduce((dearest, endpoint) => {
    const bound = endpointBound(request, endpoint);
    return bound > dearest ? bound : dearest;
  }, 0n);
}

function endpointBound(request: BoundInput, endpoint: PricedEndpoint): bigint {
  const { price } = endpoint;
  const completion = BigInt(mostCompletionTokens(request, endpoint));
  const picos = reachablePrices(request, endpoint)
    .map(
      (units) =>
        promptPicos(request, endpoint, units) +
        completion * dearestOutput(units, request, endpoint) +
        BigInt(request.n) * units.requests +
        BigInt(mostSearches(request, endpoint)) * units.searches +
        piecePicos(request.pieces ?? {}, units),
    )
    .reduce((dearest, sum) => (sum > dearest ? sum : dearest), 0n);
  return ceilToNanos(ceilDivide(picos * payablePpm(price), UNDISCOUNTED_PPM));
}

const piecePicos = ({ characters = 0, seconds = 0, outputImages = 0 }: Pieces, units: UnitPrices): bigint =>
  BigInt(characters) * units.inputCharacters +
  BigInt(seconds) * units.inputSeconds +
  BigInt(outputImages) * units.outputImages;

const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens'];

/**
 * Providers clamp or refuse a longer output than the model's own limit. The caller's holds where the endpoint is told of it, and
 * not for what an image takes.
 */
function mostCompletionTokens(request: BoundInput, endpoint: PricedEndpoint): number {
  const limit = endpoint.maxCompletionTokens ?? endpoint.contextLength;
  const isHeeded = endpoint.supportedParameters.some((name) => OUTPUT_LIMITS.includes(name));
  const asked = isHeeded && !endpoint.outputModalities.includes('image') ? (request.maxTokens ?? limit) : limit;
  return Math.min(asked, limit) * request.n;
}

/** Every effective price that a prompt of at most this size can meet: below all thresholds and from each one on, at each tier. */
function reachablePrices(request: BoundInput, endpoint: PricedEndpoint): readonly UnitPrices[] {
  const { price } = endpoint;
  const { admittedAtMs } = request;
  if (!hasRows(price)) return [effectivePrice(price, { promptTokens: 0, admittedAtMs })];
  const promptBound = mostPromptTokens(request, endpoint);
  const tiers: (ServiceTier | undefined)[] = [undefined, ...(Object.keys(price.serviceTiers ?? {}) as ServiceTier[])];
  return tiers.flatMap((tier) =>
    promptThresholds(price, admittedAtMs, tier)
      .filter((tokens) => tokens <= promptBound)
      .map((promptTokens) => effectivePrice(price, { promptTokens, admittedAtMs, tier })),
  );
}

/** Models that can draw do so without being asked for it by name; speech comes only to those who asked. */
function dearestOutput(units: UnitPrices, request: BoundInput, { outputModalities }: PricedEndpoint): bigint {
  const speaks = request.outputModalities?.includes('audio') ?? true;
  return [
    units.reasoningTokens,
    speaks ? units.audioOutputTokens : 0n,
    outputModalities.includes('image') ? units.imageOutputTokens : 0n,
  ].reduce((a, b) => (b > a ? b : a), units.outputTokens);
}
