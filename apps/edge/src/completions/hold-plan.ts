import type { CatalogueEndpoint, CompletionRequest, DialectId } from '@switchyard/contracts';
import { boundOf } from '@switchyard/pricing';
import type { BoundInput } from '@switchyard/pricing';
import { asRouted } from '@switchyard/protocols';
import type { RequestFacts } from '@switchyard/protocols';
import type { OrderedCandidate } from '../routing/index.js';
import { canStep } from './hold-mode.js';
import type { HoldMode } from './hold-mode.js';
import { STEP_TOKENS } from './stepped-hold.js';
import type { Bounds } from './stepped-hold.js';

/** What decides how much is set aside for a request. */
export interface HoldFacts {
  readonly dialect: DialectId;
  readonly request: CompletionRequest;
  readonly facts: RequestFacts;
  readonly holdMode: HoldMode;
}

/** How much a request can cost at most, and how much of it is set aside before it begins. */
export interface HoldPlan {
  readonly input: BoundInput;
  readonly endpoints: readonly CatalogueEndpoint[];
  readonly bounds: Bounds;
  readonly inSteps: boolean;
  readonly firstNanos: bigint;
}

/** Most searches that a provider may run in one request that allows them; part of the bound. */
const MAX_SEARCHES = 10;

/** The request as the dearest candidate gets it: somebody searches the web because of a variant or a plugin. */
function asSent(request: CompletionRequest, candidates: readonly OrderedCandidate[]): CompletionRequest {
  const searching = candidates.find(({ routed }) => routed?.webSearch !== undefined);
  return searching?.routed ? asRouted(request, searching.routed) : request;
}

/** @param candidates at least one */
export function holdPlan(
  { dialect, request: asked, facts, holdMode }: HoldFacts,
  candidates: readonly OrderedCandidate[],
  admittedAtMs: number,
): HoldPlan {
  const request = asSent(asked, candidates);
  const endpoints = candidates.map(({ endpoint }) => endpoint);
  const input: BoundInput = {
    ...facts,
    maxTokens: request.maxTokens ?? null,
    n: request.n ?? 1,
    admittedAtMs,
    ...(request.webSearchOptions !== undefined && { searches: MAX_SEARCHES }),
  };
  const bounds: Bounds = {
    ofTokens: (maxTokens) => boundOf({ ...input, maxTokens }, endpoints),
    wholeNanos: boundOf(input, endpoints),
  };
  const mayStep = holdMode === 'stepped' && canStep(request, endpoints, dialect);
  const stepNanos = mayStep ? bounds.ofTokens(STEP_TOKENS) : bounds.wholeNanos;
  const inSteps = stepNanos < bounds.wholeNanos;
  return { input, endpoints, bounds, inSteps, firstNanos: inSteps ? stepNanos : bounds.wholeNanos };
}
