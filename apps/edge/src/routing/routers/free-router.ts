import type { PreparedModel } from '../../catalogue/prepared-model.js';
import type { RequestedModel } from '../model-expression.js';
import type { RoutingInput } from '../routing.js';
import type { Sieve } from '../sieve.js';
import type { Variants } from '../variants.js';
import { MAX_CHOSEN_MODELS } from './auto-router.js';
import { eligibleModels } from './eligible.js';
import type { EligibleModel } from './eligible.js';

/**
 * `openrouter/free` (spec 3.6): models with an endpoint that costs nothing and can serve the request, in random order, those in
 * rotation first. Their other endpoints may not serve.
 */
export function freeRouter(input: RoutingInput, sieve: Sieve, variants: Variants): readonly RequestedModel[] {
  const admits = ({ endpoints }: PreparedModel): boolean => endpoints.some(({ isFree }) => isFree);
  const eligible = eligibleModels(input, sieve, { ...variants, free: true }, admits);
  const shuffled = shuffle(eligible, input.random);
  return [...shuffled.filter(({ inRotation }) => inRotation), ...shuffled.filter(({ inRotation }) => !inRotation)]
    .slice(0, MAX_CHOSEN_MODELS)
    .map(({ requested }) => requested);
}

/** Fisher and Yates. */
function shuffle(models: readonly EligibleModel[], random: () => number): EligibleModel[] {
  const shuffled = [...models];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
