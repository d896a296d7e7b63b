/**
 * The canonical form between dialects and protocols. It never crosses a process, so these are types and not schemas: what
 * comes from outside is parsed by the dialect or the protocol that reads it.
 */
import type { Quantization } from './v1/catalogue.js';
import type { FinishReason } from './v1/generation.js';
import type { Usage } from './v1/usage.js';

export interface CompletionRequest {
  /** `model` first, then `models`, without duplicates; variants not yet resolved. */
  readonly models: readonly string[];
  readonly messages: readonly Message[];
  readonly stream: boolean;
  readonly maxTokens?: number;
  /** How many choices. */
  readonly n?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly topA?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly repetitionPenalty?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly logitBias?: Readonly<Record<string, number>>;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  readonly tools?: readonly FunctionTool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: ReasoningOptions;
  readonly verbosity?: string;
  readonly prediction?: unknown;
  readonly modalities?: readonly string[];
  readonly audio?: unknown;
  readonly imageConfig?: unknown;
  readonly webSearchOptions?: unknown;
  /** The `auto-router` entry of `plugins`: among which models `openrouter/auto` may choose. */
  readonly autoRouter?: AutoRouterOptions;
  /** The `web` entry of `plugins`: the provider is to search the web, with these options. */
  readonly webPlugin?: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cacheControl?: CacheControl;
  readonly promptCacheKey?: string;
  readonly serviceTier?: string;
  readonly sessionId?: string;
  readonly provider: ProviderPreferences;
  /** OpenRouter parameter names (`max_tokens`, `tools`, …) that the caller set: what routing filters by. */
  readonly parameters: readonly string[];
  /** What an answer in the caller's dialect repeats of its request (OpenAI's Responses). */
  readonly echo?: Readonly<Record<string, unknown>>;
  /** Bytes of what only a provider of the client's own format can read (results of its hosted tools): they become prompt tokens, too. */
  readonly unreadBytes?: number;
  /** Fields that no one here knows, kept for providers that speak the same format. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export type Message =
  | { readonly role: 'system' | 'developer'; readonly content: readonly TextPart[]; readonly name?: string }
  | { readonly role: 'user'; readonly content: readonly ContentPart[]; readonly name?: string }
  | AssistantMessage
  | {
      readonly role: 'tool';
      readonly toolCallId: string;
      readonly content: readonly ContentPart[];
      readonly name?: string;
      /** The tool failed, and this says why. */
      readonly isError?: boolean;
    };

export interface AssistantMessage {
  readonly role: 'assistant';
  readonly content: readonly ContentPart[];
  readonly toolCalls: readonly ToolCall[];
  readonly refusal?: string;
  /** Reasoning of earlier turns, in order, byte-exact. */
  readonly reasoning: readonly ReasoningDetail[];
  readonly name?: string;
}

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
  readonly cacheControl?: CacheControl;
}

export type ContentPart =
  | TextPart
  | {
      readonly type: 'image';
      readonly source: MediaSource;
      readonly detail?: string;
      readonly cacheControl?: CacheControl;
    }
  | { readonly type: 'audio'; readonly data: string; readonly format: string }
  | { readonly type: 'video'; readonly source: MediaSource }
  | {
      readonly type: 'file';
      readonly source: MediaSource;
      readonly filename?: string;
      readonly cacheControl?: CacheControl;
    };

export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'id'; readonly id: string };

export interface CacheControl {
  readonly ttl?: '5m' | '1h';
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; may be empty or broken. */
  readonly arguments: string;
  /** Opaque state that its provider wants back (Gemini's thought signature). */
  readonly signature?: string;
}

export interface FunctionTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
  readonly cacheControl?: CacheControl;
}

export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly description?: string;
      readonly schema?: Readonly<Record<string, unknown>>;
      readonly strict?: boolean;
    };

export interface ReasoningOptions {
  readonly effort?: 'max' | 'xhigh' | 'high' | 'medium' | 'low' | 'minimal' | 'none';
  readonly maxTokens?: number;
  /** Hide the text; it is still billed. */
  readonly exclude?: boolean;
  readonly enabled?: boolean;
  readonly summary?: string;
}

/** One entry of `reasoning_details` (spec 2.7). `format` names who can read it: `anthropic-claude-v1`, `google-gemini-v1`, … */
export type ReasoningDetail = { readonly id?: string | null; readonly index?: number; readonly format?: string } & (
  | { readonly type: 'reasoning.text'; readonly text: string; readonly signature?: string | null }
  | { readonly type: 'reasoning.summary'; readonly summary: string }
  | { readonly type: 'reasoning.encrypted'; readonly data: string }
);

/** `exacto`: by how well tools are called (spec 3.5). */
export type SortKey = 'price' | 'throughput' | 'latency' | 'exacto';

/** Limits on percentiles that were measured; all that are given must hold. */
export interface PercentileLimits {
  readonly p50?: number;
  readonly p75?: number;
  readonly p90?: number;
  readonly p99?: number;
}

/** Fifths of the models that may serve, by price (spec 3.6). */
export const COST_TIERS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
export type CostTier = (typeof COST_TIERS)[number];

/** What `openrouter/auto` may choose from. Patterns are ids in which `*` stands for anything. */
export interface AutoRouterOptions {
  readonly allowedModels?: readonly string[];
  readonly excludedModels?: readonly string[];
  readonly costTier?: CostTier;
}

/**
 * `provider.max_price`: the most that each unit may cost, in pico-USD; a unit that is absent may cost anything. A limit finer than
 * a pico-dollar is rounded down, which decides every comparison with a whole number of pico-dollars as the limit itself would.
 */
export interface MaxPrice {
  /** Per prompt token. */
  readonly prompt?: bigint;
  /** Per completion token. */
  readonly completion?: bigint;
  readonly request?: bigint;
  /** Per image as a whole, that goes in or comes out. */
  readonly image?: bigint;
  /** Per token of audio input. */
  readonly audio?: bigint;
}

/** The `provider` object (spec 2.4). */
export interface ProviderPreferences {
  readonly order?: readonly string[];
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly allowFallbacks: boolean;
  readonly requireParameters: boolean;
  readonly sort?: SortKey;
  /** `none`: the endpoints of all models are one list. Absent is `model`: each model has its own, one after another. */
  readonly sortPartition?: 'model' | 'none';
  readonly maxPrice?: MaxPrice;
  /** Output tokens per second over 5 minutes. Endpoints that are slower are tried later, never left out. */
  readonly preferredMinThroughput?: PercentileLimits;
  /** Milliseconds to the first token over 5 minutes; as above. */
  readonly preferredMaxLatencyMs?: PercentileLimits;
  /** Only endpoints that retain nothing. `false` asks for nothing. */
  readonly zdr?: boolean;
  /** `deny`: only endpoints that neither train on data nor retain it. */
  readonly dataCollection?: 'allow' | 'deny';
  /** Only endpoints that run at one of these levels; an empty list asks for nothing, like those of `only` and `ignore`. */
  readonly quantizations?: readonly Quantization[];
  /** Only models whose author allows to train others on their text. */
  readonly enforceDistillableText?: boolean;
  /** Fields of `provider` that routing does not act on yet, by name. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * What a protocol reads out of an answer, one after another. Ends with exactly one `finish` or `error`; `usage` is cumulative
 * and comes at most once, before or after `finish`, because providers differ. `choice` is 0 unless `n` was asked for: then each
 * choice has its own `finish`.
 */
export type CompletionEvent =
  | {
      readonly type: 'start';
      readonly upstreamId?: string;
      readonly upstreamModel?: string;
      readonly systemFingerprint?: string;
      readonly serviceTier?: string;
    }
  | { readonly type: 'text-delta'; readonly choice: number; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly choice: number; readonly detail: ReasoningDetail }
  | { readonly type: 'refusal-delta'; readonly choice: number; readonly text: string }
  | {
      readonly type: 'tool-call-start';
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly signature?: string;
    }
  | { readonly type: 'tool-call-delta'; readonly choice: number; readonly index: number; readonly arguments: string }
  | { readonly type: 'tool-call-end'; readonly choice: number; readonly index: number }
  | { readonly type: 'image-delta'; readonly choice: number; readonly mediaType: string; readonly data: string }
  | { readonly type: 'audio-delta'; readonly choice: number; readonly audio: Readonly<Record<string, unknown>> }
  | { readonly type: 'annotation'; readonly choice: number; readonly annotation: Readonly<Record<string, unknown>> }
  | { readonly type: 'logprobs'; readonly choice: number; readonly logprobs: unknown }
  | { readonly type: 'usage'; readonly usage: Usage; readonly upstreamCostUsd?: string }
  | {
      readonly type: 'finish';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly nativeReason: string | null;
    }
  | { readonly type: 'error'; readonly failure: UpstreamFailure };

/** A failure as a protocol understood it: from an HTTP error, an error event in the stream, or a broken answer. */
export interface UpstreamFailure {
  readonly code: import('./errors.js').ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** The provider's own word for it. */
  readonly providerCode?: string;
  /** The provider's error, cut to 2 KiB with secrets masked. */
  readonly raw?: string;
}
