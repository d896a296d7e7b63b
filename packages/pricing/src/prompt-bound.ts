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
  /** Characters of base64 of recordings in formats that cannot hold a second in less than {@link BASE64_PER_AUDIO_TOKEN} allows. */
  readonly audioBytes?: number;
  /** Holds what tells nothing of its tokens: video, documents, what is fetched from an address, compressed silence. */
  readonly openEnded?: boolean;
  /** Modalities that can occur; absent: any. */
  readonly inputModalities?: readonly string[];
  /** Most web searches that the provider may run. What they find becomes part of the prompt. */
  readonly searches?: number;
}

export type PromptReader = Pick<CatalogueEndpoint, 'contextLength' | 'modelId'>;

// A token of a byte-level BPE covers at least one byte, so bytes bound the tokens of text; the rest is what chat templates add.
/** Role markers and separators around one message. */
export const TOKENS_PER_MESSAGE = 16;
/** Markers around the definition of one tool. */
export const TOKENS_PER_TOOL = 64;
/** Preamble that a provider puts before the tools; Anthropic documents up to 804 tokens (Opus 4.7, forced tool). */
export const TOOLS_PREAMBLE_TOKENS = 1_000;
/** Preamble of templates that write a system prompt of their own (harmony: about 70 tokens). */
export const PREAMBLE_TOKENS = 128;
/** Gemini counts 32 tokens a second, the most of all; an MP3 second has at least 1,000 bytes, 1,333 characters of base64. */
export const BASE64_PER_AUDIO_TOKEN = 32;

const textTokens = (size: PromptSize): number =>
  PREAMBLE_TOKENS +
  size.promptBytes +
  TOKENS_PER_MESSAGE * size.messages +
  (size.tools > 0 ? TOOLS_PREAMBLE_TOKENS : 0) +
  TOKENS_PER_TOOL * size.tools;

const audioTokens = (size: PromptSize): number => Math.ceil((size.audioBytes ?? 0) / BASE64_PER_AUDIO_TOKEN);

/** What tells nothing of its size can fill the context; providers refuse a prompt that is longer. */
const openTokens = (size: PromptSize, contextLength: number): number =>
  size.openEnded || (size.searches ?? 0) > 0 ? contextLength : 0;

/** Most prompt tokens that the endpoint can count the request as. */
export const mostPromptTokens = (size: PromptSize, { contextLength, modelId }: PromptReader): number =>
  Math.min(
    contextLength,
    textTokens(size) + tokensPerImage(modelId) * size.images + audioTokens(size) + openTokens(size, contextLength),
  );

/** The most that the prompt can cost at these prices, in pico-USD: every part at its dearest, the dearest parts first in the context. */
export function promptPicos(size: PromptSize, { contextLength, modelId }: PromptReader, units: UnitPrices): bigint {
  const text = most(units.inputTokens, units.cacheReadTokens, units.cacheWriteTokens, units.cacheWrite1hTokens);
  const image = most(text, units.imageInputTokens);
  const audio = most(text, units.audioInputTokens, units.cacheReadAudioTokens);
  const may = (modality: string) => size.inputModalities?.includes(modality) ?? true;
  // Documents are read as pictures, and a film has a sound track.
  const open = most(image, units.videoInputTokens, may('audio') || may('video') ? audio : 0n);
  const parts = [
    { tokens: textTokens(size), picos: text },
    { tokens: tokensPerImage(modelId) * size.images, picos: image },
    { tokens: audioTokens(size), picos: audio },
    { tokens: openTokens(size, contextLength), picos: open },
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
