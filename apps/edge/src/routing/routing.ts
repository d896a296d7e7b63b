import type {
  CatalogueEndpoint,
  CatalogueModel,
  CompletionRequest,
  GatewayError,
  JobId,
  RoutedRequest,
  ServiceTier,
} from '@switchyard/contracts';
import type { CatalogueView } from '../catalogue/prepared-model.js';
import type { HealthView } from '../health/endpoint-condition.js';
import type { CallerPolicy } from './policies.js';

/** The facts of a request that routing filters by; `requestFacts` of the protocols package makes them. */
export interface RoutingFacts {
  /** What is asked for, when it is no completion: then no text comes out, but this. */
  readonly job?: JobId;
  /** Parameters without which the job cannot be done. */
  readonly needs?: readonly string[];
  readonly inputModalities: readonly string[];
  readonly outputModalities: readonly string[];
  readonly promptBytes: number;
}

export interface RoutingInput {
  readonly request: CompletionRequest;
  readonly facts: RoutingFacts;
  readonly catalogue: CatalogueView;
  readonly health: HealthView;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** In the clock of `health`. */
  readonly nowMs: number;
  /** Providers that this release can speak to; every provider when absent. */
  readonly knownProviders?: ReadonlySet<string>;
  /** Providers that have a worker now; every provider when absent. */
  readonly servedProviders?: ReadonlySet<string>;
  /** What the caller has settled; nothing when absent. */
  readonly policies?: readonly CallerPolicy[];
  /** Where the conversation goes on, by the name under which its model was asked for; nowhere when absent. */
  readonly pins?: Pins;
}

/** Where a conversation was served last. */
export interface Pin {
  readonly endpointId: string;
  readonly modelId: string;
}

export interface Pins {
  /** @param model id of a model, or name of a router */
  of(model: string): Pin | null;
}

/** Why an endpoint stands where it stands: `Attempt.reason` of the generation record. */
export type PlaceReason =
  | 'price_weighted'
  | 'order'
  | 'sort_price'
  | 'sort_throughput'
  | 'sort_latency'
  | 'sort_exacto'
  | 'sticky'
  | 'tool_errors'
  | 'slow'
  | 'fallback'
  | 'outage'
  | 'ejected';

/** Why an endpoint was left out. Words of OpenRouter's `availability.excluded_by` where it has one (spec 5.3). */
export type ExclusionReason =
  | 'unknown_provider'
  | 'worker_unavailable'
  | 'service_tier'
  | 'output_modality'
  | 'input_modality'
  | 'media_form'
  | 'allowed_providers'
  | 'ignored_providers'
  | 'data_policy:zdr'
  | 'data_policy:training'
  | 'distillable_text'
  | 'quantization'
  | 'max_price'
  | 'allowed_models'
  | 'ignored_models'
  | 'free_variant'
  | 'extended_variant'
  | 'thinking_variant'
  | 'web_search'
  | 'tool_choice'
  | 'require_parameters'
  | 'max_completion_tokens'
  | 'context_length'
  | 'prefers_tools'
  | 'prefers_response_format'
  | 'prefers_structured_outputs'
  | 'prefers_verbosity'
  | 'fallbacks_off';

export interface OrderedCandidate {
  readonly endpoint: CatalogueEndpoint;
  readonly model: CatalogueModel;
  readonly reason: PlaceReason;
  /** The service tier that it is asked for, and priced by; null or absent: the ordinary one. */
  readonly tier?: ServiceTier | null;
  /** What is sent otherwise than the client's body says; absent where nothing is. */
  readonly routed?: RoutedRequest;
}

/** What routing thought of one endpoint: a `CandidateVerdict` of the generation record. */
export interface Verdict {
  readonly endpointId: string;
  readonly kept: boolean;
  readonly reason: PlaceReason | ExclusionReason;
}

export interface Routing {
  /** In the order in which they are to be tried; empty exactly when there is an `error`. */
  readonly candidates: readonly OrderedCandidate[];
  readonly verdicts: readonly Verdict[];
  readonly error?: GatewayError;
}
