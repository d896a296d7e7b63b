import { ceilToNanos, type CatalogueEndpoint, type Price } from '@switchyard/contracts';
import {
  ceilDivide,
  effectivePrice,
  openOverrides,
  payablePpm,
  UNDISCOUNTED_PPM,
  type UnitPrices,
} from './effective-price.js';

export interface BoundInput {
  /** UTF-8 bytes of everything that becomes prompt text: messages, tool definitions, schemas. */
  readonly promptBytes: number;
  readonly messages: number;
  readonly tools: number;
  readonly images: number;
  /** Output limit that the caller set, per choice; null: the endpoint's own. */
  readonly maxTokens: number | null;
  readonly n: number;
  readonly admittedAtMs: number;
  /** Modalities that can occur; absent: any. Prices of media that cannot occur are left out of the bound. */
  readonly inputModalities?: readonly string[];
  readonly outputModalities?: readonly string[];
  /** Most web searches that the provider may run. */
  readonly searches?: number;
}

/** The part of an endpoint that the bound depends on. */
export type PricedEndpoint = Pick<CatalogueEndpoint, 'price' | 'maxCompletionTokens' | 'contextLength'>;

// A token of a byte-level BPE covers at least one byte, so bytes bound the tokens of text; the rest is what chat templates add.
/** Role markers and separators around one message. */
export const TOKENS_PER_MESSAGE = 16;
/** Markers around the definition of one tool. */
export const TOKENS_PER_TOOL = 64;
/** Preamble that a provider puts before the tools; Anthropic documents up to 530 tokens for its older models. */
export const TOOLS_PREAMBLE_TOKENS = 600;
/** Preamble of templates that write a system prompt of their own (harmony: about 70 tokens). */
export const PREAMBLE_TOKENS = 128;
/** Most tokens one image is counted as: Anthropic about 4 800, OpenAI about 3 800, Gemini about 2 300. */
export const TOKENS_PER_IMAGE = 6_000;

/** Most prompt tokens that the request can be counted as, before the endpoint's context is considered. */
export const promptTokenBound = (request: BoundInput): number =>
  PREAMBLE_TOKENS +
  request.promptBytes +
  TOKENS_PER_MESSAGE * request.messages +
  (request.tools > 0 ? TOOLS_PREAMBLE_TOKENS : 0) +
  TOKENS_PER_TOOL * request.tools +
  TOKENS_PER_IMAGE * request.images;

/**
 * The most that one request can cost, in nano-USD, whichever of the endpoints serves it and whatever it reports within its
 * limits: cached or not, text or media, at any size that selects another override row. Never less than `costOf` of the usage.
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
  const { price, contextLength } = endpoint;
  // Providers refuse a prompt longer than the context, and clamp or refuse a longer output than the model's own limit.
  const prompt = Math.min(promptTokenBound(request), contextLength);
  const outputLimit = endpoint.maxCompletionTokens ?? contextLength;
  const completion = Math.min(request.maxTokens ?? outputLimit, outputLimit) * request.n;
  const picos = reachablePrices(price, prompt, request.admittedAtMs)
    .map(
      (units) =>
        BigInt(prompt) * dearestInput(units, request) +
        BigInt(completion) * dearestOutput(units, request) +
        BigInt(request.n) * units.requests +
        BigInt(request.searches ?? 0) * units.searches,
    )
    .reduce((dearest, sum) => (sum > dearest ? sum : dearest), 0n);
  return ceilToNanos(ceilDivide(picos * payablePpm(price), UNDISCOUNTED_PPM));
}

/** Every effective price that a prompt of at most this size can meet: the one below all thresholds, and that of each threshold. */
function reachablePrices(price: Price, promptBound: number, atMs: number): readonly UnitPrices[] {
  const thresholds = openOverrides(price, atMs).map((row) => row.minPromptTokens ?? 0);
  return [0, ...thresholds.filter((tokens) => tokens <= promptBound)].map((tokens) =>
    effectivePrice(price, tokens, atMs),
  );
}

const most = (...amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => (b > a ? b : a), 0n);

function dearestInput(units: UnitPrices, { inputModalities }: BoundInput): bigint {
  const may = (modality: string) => inputModalities?.includes(modality) ?? true;
  return most(
    units.inputTokens,
    units.cacheReadTokens,
    units.cacheWriteTokens,
    units.cacheWrite1hTokens,
    may('audio') ? units.audioInputTokens : 0n,
    may('image') ? units.imageInputTokens : 0n,
    units.videoInputTokens,
  );
}

function dearestOutput(units: UnitPrices, { outputModalities }: BoundInput): bigint {
  const may = (modality: string) => outputModalities?.includes(modality) ?? true;
  return most(
    units.outputTokens,
    units.reasoningTokens,
    may('audio') ? units.audioOutputTokens : 0n,
    may('image') ? units.imageOutputTokens : 0n,
  );
}
