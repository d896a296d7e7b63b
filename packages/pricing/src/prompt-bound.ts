import type { CatalogueEndpoint } from '@switchyard/contracts';
import type { UnitPrices } from './effective-price.js';
import { tokensPerImage } from './tokens-per-image.js';

/** How large a prompt is, counted without a tokenizer. */
export interface PromptSize {
  /** UTF-8 bytes of everything that becomes prompt text: messages, tool definitions, schemas. */
  readonly promptBytes: number;
  readonly messages: number;
  readonly tools: number;
  readonly images: number;
  /** The answer must follow a schema: providers tell the model so in words of their own. */
  readonly structured?: boolean;
  /** Characters of base64 of recordings in formats that cannot hold a second in less than {@link BASE64_PER_AUDIO_TOKEN} allows. */
  readonly audioBytes?: number;
  /** Holds what tells nothing of its tokens: video, documents, what is fetched from an address, compressed silence. */
  readonly openEnded?: boolean;
  /** Modalities that can occur; absent: any. */
  readonly inputModalities?: readonly string[];
  /** Most web searches that the provider may run. What they find becomes part of the prompt. */
  readonly searches?: number;
}

export type PromptReader = Pick<CatalogueEndpoint, 'contextLength' | 'modelId' | 'supportedParameters'>;

// A token of a byte-level BPE covers at least one byte, so bytes bound the tokens of text; the rest is what chat templates add.
/** Role markers and separators around one message. */
export const TOKENS_PER_MESSAGE = 16;
/** Markers around the definition of one tool. */
export const TOKENS_PER_TOOL = 64;
/** Preamble that a provider puts before the tools; Anthropic documents up to 804 tokens (Opus 4.7, forced tool). */
export const TOOLS_PREAMBLE_TOKENS = 1_000;
/** Preamble of templates that write a system prompt of their own (harmony: about 70 tokens). */
const USUAL_PREAMBLE_TOKENS = 128;
/** xAI's own system prompt: 687 tokens for two words to Grok 4, as recorded. */
const XAI_PREAMBLE_TOKENS = 1_024;
/** What a provider adds to have a schema followed: about 600 tokens with Claude, as recorded. */
export const STRUCTURED_PREAMBLE_TOKENS = 1_000;
/** The longest preamble of all. */
export const MOST_PREAMBLE_TOKENS = XAI_PREAMBLE_TOKENS;

const preambleTokens = (modelId: string): number =>
  /^~?x-ai\//.test(modelId) ? XAI_PREAMBLE_TOKENS : USUAL_PREAMBLE_TOKENS;
/** Gemini counts 32 tokens a second, the most of all; an MP3 second has at least 1,000 bytes, 1,333 characters of base64. */
export const BASE64_PER_AUDIO_TOKEN = 32;

const textTokens = (size: PromptSize, modelId: string): number =>
  preambleTokens(modelId) +
  (size.structured ? STRUCTURED_PREAMBLE_TOKENS : 0) +
  size.promptBytes +
  TOKENS_PER_MESSAGE * size.messages +
  (size.tools > 0 ? TOOLS_PREAMBLE_TOKENS : 0) +
  TOKENS_PER_TOOL * size.tools;

const imageTokens = (size: PromptSize, modelId: string): number =>
  size.images === 0 ? 0 : tokensPerImage(modelId) * size.images;

const audioTokens = (size: PromptSize): number => Math.ceil((size.audioBytes ?? 0) / BASE64_PER_AUDIO_TOKEN);

/** Models that research (Groq's Compound as well) go on as long as they like, without being asked to search; nobody documents a limit. */
const RESEARCH_MODEL = /deep-research|\/compound/;
const MAX_RESEARCH_SEARCHES = 100;

/** Most searches that the endpoint may bill: those that it was asked for, and those that its model does anyway. */
export const mostSearches = (size: PromptSize, { modelId, supportedParameters }: PromptReader): number => {
  const asked = supportedParameters.includes('web_search_options') ? (size.searches ?? 0) : 0;
  return Math.max(asked, RESEARCH_MODEL.test(modelId) ? MAX_RESEARCH_SEARCHES : 0);
};

/** What tells nothing of its size can fill the context; providers refuse a prompt that is longer. */
const openTokens = (size: PromptSize, endpoint: PromptReader): number =>
  size.openEnded || mostSearches(size, endpoint) > 0 ? endpoint.contextLength : 0;

/** Most prompt tokens that the endpoint can count the request as. */
export const mostPromptTokens = (size: PromptSize, endpoint: PromptReader): number =>
  Math.min(
    endpoint.contextLength,
    textTokens(size, endpoint.modelId) +
      imageTokens(size, endpoint.modelId) +
      audioTokens(size) +
      openTokens(size, endpoint),
  );

/** The most that the prompt can cost at these prices, in pico-USD: every part at its dearest, the dearest parts first in the context. */
export function promptPicos(size: PromptSize, endpoint: PromptReader, units: UnitPrices): bigint {
  const { contextLength, modelId } = endpoint;
  const text = most(units.inputTokens, units.cacheReadTokens, units.cacheWriteTokens, units.cacheWrite1hTokens);
  const image = most(text, units.imageInputTokens);
  const audio = most(text, units.audioInputTokens, units.cacheReadAudioTokens);
  const may = (modality: string) => size.inputModalities?.includes(modality) ?? true;
  // Documents are read as pictures, and a film has a sound track.
  const open = most(image, units.videoInputTokens, may('audio') || may('video') ? audio : 0n);
  const parts = [
    { tokens: textTokens(size, modelId), picos: text },
    { tokens: imageTokens(size, modelId), picos: image },
    { tokens: audioTokens(size), picos: audio },
    { tokens: openTokens(size, endpoint), picos: open },
  ].toSorted((a, b) => (a.picos === b.picos ? 0 : a.picos > b.picos ? -1 : 1));
  let room = contextLength;
  let sum = BigInt(size.images) * units.inputImages;
  for (const { tokens, picos } of parts) {
    const counted = Math.min(tokens, room);
    room -= counted;
    sum += BigInt(counted) * picos;
  }
  return sum;
}

const most = (...amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => (b > a ? b : a), 0n);
