import { COST_TIERS } from '@switchyard/contracts';
import type { CompletionRequest, CostTier } from '@switchyard/contracts';
import type { PreparedModel } from '../../catalogue/prepared-model.js';
import type { RequestedModel } from '../model-expression.js';
import type { RoutingInput } from '../routing.js';
import type { Sieve } from '../sieve.js';
import type { Variants } from '../variants.js';
import { eligibleModels } from './eligible.js';
import type { EligibleModel } from './eligible.js';
import { matchesAny } from './patterns.js';

/** The chosen model and its fallbacks. */
export const MAX_CHOSEN_MODELS = 5;

const LONG_PROMPT_BYTES = 20_000;
const HARD_EFFORTS: ReadonlySet<string> = new Set(['high', 'xhigh', 'max']);

/**
 * `openrouter/auto` (spec 3.6) without a model that judges: the models that can serve the request, by price in five bands; of the band
 * that the request asks for or looks like, the newest first, then the cheaper bands. Never a dearer one: a fallback must not cost
 * more than the choice. The same request and catalogue give the same answer (decision 53).
 */
export function autoRouter(input: RoutingInput, sieve: Sieve, variants: Variants): readonly RequestedModel[] {
  const { autoRouter: options = {} } = input.request;
  const admits = ({ model: { id } }: PreparedModel): boolean =>
    !id.includes(':') &&
    (!options.allowedModels?.length || matchesAny(id, options.allowedModels)) &&
    !matchesAny(id, options.excludedModels ?? []);
  const eligible = [...eligibleModels(input, sieve, variants, admits)].sort(byPrice);
  const wanted = COST_TIERS.indexOf(options.costTier ?? costTierOf(input.request, input.facts.promptBytes));
  const bands = bandsOf(eligible);
  const top = bands.findLastIndex((band, index) => index <= wanted && band.length > 0);
  const start = top < 0 ? bands.findIndex((band) => band.length > 0) : top;
  const ranked = bands
    .slice(0, start + 1)
    .reverse()
    .flatMap((band) => [...band].sort(byAge));
  const healthy = ranked.filter(({ inRotation }) => inRotation);
  const ejected = ranked.filter(({ inRotation }) => !inRotation);
  return [...healthy, ...ejected].slice(0, MAX_CHOSEN_MODELS).map(({ requested }) => requested);
}

/** What a request looks like that does not say: hard thinking costs more, tools, schemas and long prompts something, the rest little. */
export function costTierOf({ reasoning, tools, responseFormat }: CompletionRequest, promptBytes: number): CostTier {
  if (HARD_EFFORTS.has(reasoning?.effort ?? '')) return 'high';
  const demanding = (tools?.length ?? 0) > 0 || responseFormat?.type === 'json_schema' || reasoning?.enabled === true;
  return demanding || promptBytes > LONG_PROMPT_BYTES ? 'medium' : 'low';
}

/** Fifths of a list in ascending order of price: percentiles [0, 20) to [80, 100]. */
function bandsOf(eligible: readonly EligibleModel[]): readonly (readonly EligibleModel[])[] {
  const bands: EligibleModel[][] = COST_TIERS.map(() => []);
  eligible.forEach((model, index) => bands[Math.floor((index * bands.length) / eligible.length)]!.push(model));
  return bands;
}

const idOf = ({ requested }: EligibleModel): string => requested.prepared.model.id;

const byPrice = (left: EligibleModel, right: EligibleModel): number =>
  left.blendedPrice - right.blendedPrice || (idOf(left) < idOf(right) ? -1 : 1);

const byAge = (left: EligibleModel, right: EligibleModel): number =>
  right.requested.prepared.model.created - left.requested.prepared.model.created || byPrice(left, right);
