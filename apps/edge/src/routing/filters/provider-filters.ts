import type { FilterFactory } from './filter.js';
import { intersects, slugSet } from '../sets.js';
import { tierAdmission } from '../tiers.js';

/** Only providers that this release can speak to. */
export const unknownProvider: FilterFactory = ({ knownProviders }) =>
  knownProviders
    ? { reason: 'unknown_provider', keeps: ({ endpoint }) => knownProviders.has(endpoint.provider) }
    : null;

/** Providers without a live worker cannot serve, whatever else is right about them. */
export const workerUnavailable: FilterFactory = ({ servedProviders }) =>
  servedProviders
    ? { reason: 'worker_unavailable', keeps: ({ endpoint }) => servedProviders.has(endpoint.provider) }
    : null;

/** `provider.only`, the hard allow-list. */
export const allowedProviders: FilterFactory = ({ request: { provider } }) => {
  if (!provider.only || provider.only.length === 0) return null;
  const allowed = slugSet(provider.only);
  return { reason: 'allowed_providers', keeps: ({ names }) => intersects(names, allowed) };
};

/** `provider.ignore`, the hard deny-list. */
export const ignoredProviders: FilterFactory = ({ request: { provider } }) => {
  if (!provider.ignore || provider.ignore.length === 0) return null;
  const ignored = slugSet(provider.ignore);
  return { reason: 'ignored_providers', keeps: ({ allNames }) => !intersects(allNames, ignored) };
};

/** With `order` and no fallbacks only listed endpoints may serve (spec 3.3). */
export const listedOnly: FilterFactory = ({ request: { provider } }) => {
  if (provider.allowFallbacks || !provider.order || provider.order.length === 0) return null;
  const listed = slugSet(provider.order);
  return { reason: 'fallbacks_off', keeps: ({ names }) => intersects(names, listed) };
};

/** Tier endpoints serve only who asked for them. */
export const serviceTier: FilterFactory = ({ request }) => ({ reason: 'service_tier', keeps: tierAdmission(request) });
