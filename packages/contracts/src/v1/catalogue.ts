import { z } from 'zod';
import { Price } from './price.js';

/** Name of the KV bucket that carries the catalogue from registry to edges, one entry per model. */
export const CATALOGUE_BUCKET = 'catalogue';

export const PROTOCOL_IDS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'anthropic-vertex',
  'anthropic-bedrock',
  'gemini-vertex',
  'cohere-v2',
  'mistral',
  'ollama',
  'bedrock-converse',
] as const;
export const ProtocolId = z.enum(PROTOCOL_IDS);
export type ProtocolId = z.output<typeof ProtocolId>;

export const DIALECT_IDS = [
  'openai-chat',
  'openai-completions',
  'openai-responses',
  'anthropic-messages',
  'gemini',
] as const;
export const DialectId = z.enum(DIALECT_IDS);
export type DialectId = z.output<typeof DialectId>;

export const MODALITIES = [
  'text',
  'image',
  'file',
  'audio',
  'video',
  'embeddings',
  'rerank',
  'speech',
  'transcription',
] as const;
/** An open list on the wire: a modality we do not know makes an endpoint unusable for it, not the catalogue broken. */
export const Modality = z.string().min(1).max(32);

export const QUANTIZATIONS = [
  'int4',
  'int8',
  'fp4',
  'mxfp4',
  'nvfp4',
  'fp6',
  'fp8',
  'mxfp8',
  'fp16',
  'bf16',
  'fp32',
  'unknown',
] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

/** How a model reasons: facts that the protocols need to map `reasoning` options (spec 2.8). */
export const ReasoningAbility = z.object({
  mandatory: z.boolean().default(false),
  efforts: z.array(z.string()).default([]),
  defaultEffort: z.string().nullable().default(null),
  defaultEnabled: z.boolean().optional(),
  /** The model takes a token budget (`max_tokens`), not only an effort. */
  maxTokens: z.boolean().default(false),
});
export type ReasoningAbility = z.output<typeof ReasoningAbility>;

/** A model served by a provider. */
export const CatalogueEndpoint = z.object({
  /** `<provider>:<model id>` or `<tag>:<model id>`; stable over catalogue refreshes. */
  id: z.string().min(1).max(256),
  modelId: z.string().min(1).max(200),
  provider: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  providerName: z.string().min(1),
  /** What `provider.order` and friends match: the provider id, or `provider/variant`. */
  tag: z.string().min(1),
  /** The model's id in the provider's API. */
  upstreamModel: z.string().min(1),
  /** The wire format, where it is not the provider's own. */
  protocol: ProtocolId.optional(),
  contextLength: z.int().positive(),
  maxCompletionTokens: z.int().positive().nullable(),
  maxPromptTokens: z.int().positive().nullable().default(null),
  quantization: z.string().default('unknown'),
  inputModalities: z.array(Modality),
  outputModalities: z.array(Modality),
  supportedParameters: z.array(z.string()),
  supportsImplicitCaching: z.boolean().default(false),
  reasoning: ReasoningAbility.nullable().default(null),
  /** Data policy as far as known; absent knowledge counts as "trains and retains". */
  dataPolicy: z.object({ trains: z.boolean(), retains: z.boolean() }).nullable().default(null),
  price: Price,
});
export type CatalogueEndpoint = z.output<typeof CatalogueEndpoint>;

/** The value of one KV entry: a model with the endpoints that may serve it now. */
export const CatalogueModel = z.object({
  id: z.string().min(1).max(200),
  canonicalSlug: z.string().min(1),
  name: z.string().min(1),
  author: z.string().min(1),
  /** Unix seconds. */
  created: z.int().nonnegative(),
  contextLength: z.int().positive().nullable(),
  maxCompletionTokens: z.int().positive().nullable(),
  inputModalities: z.array(Modality),
  outputModalities: z.array(Modality),
  tokenizer: z.string().nullable().default(null),
  instructType: z.string().nullable().default(null),
  huggingFaceId: z.string().nullable().default(null),
  knowledgeCutoff: z.string().nullable().default(null),
  expirationDate: z.string().nullable().default(null),
  isModerated: z.boolean().default(false),
  defaultParameters: z.record(z.string(), z.number().nullable()).nullable().default(null),
  reasoning: ReasoningAbility.nullable().default(null),
  endpoints: z.array(CatalogueEndpoint),
});
export type CatalogueModel = z.output<typeof CatalogueModel>;

/** The KV key of a model id: NATS allows `[-/_=.A-Za-z0-9]`, so every other character becomes `=XX` (hex of its UTF-8 bytes). */
export const catalogueKey = (modelId: string): string => escapeKey(modelId);

/** Escapes any text into a legal KV key; distinct texts give distinct keys. */
export function escapeKey(text: string): string {
  const escaped = text.replace(/[^A-Za-z0-9_./-]/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  // A leading or trailing dot, or an empty token between two dots, is not a legal subject.
  return escaped.replace(/^\.|\.$|\.(?=\.)/g, '=2e');
}
