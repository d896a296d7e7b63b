import type { ModelChooser } from '../model-expression.js';
import type { RoutingInput } from '../routing.js';
import type { Sieve } from '../sieve.js';
import { autoRouter } from './auto-router.js';
import { freeRouter } from './free-router.js';

/** What the names of routers stand for in one request. */
export const routerChoice =
  (input: RoutingInput, sieve: Sieve): ModelChooser =>
  (router, variants) =>
    router === 'free' ? freeRouter(input, sieve, variants) : autoRouter(input, sieve, variants);
