import type { FilterFactory } from './filter.js';

/** `provider.zdr`: only endpoints that retain nothing. One whose policy is unknown counts as one that does (spec 3.12). */
export const zeroDataRetention: FilterFactory = ({ request: { provider } }) =>
  provider.zdr === true
    ? { reason: 'data_policy:zdr', keeps: ({ endpoint }) => endpoint.dataPolicy?.retains === false }
    : null;

/** `provider.data_collection: "deny"`: only endpoints that neither train on data nor retain it; unknown counts as both. */
export const dataCollection: FilterFactory = ({ request: { provider } }) =>
  provider.dataCollection === 'deny'
    ? {
        reason: 'data_policy:training',
        keeps: ({ endpoint: { dataPolicy } }) => dataPolicy?.trains === false && !dataPolicy.retains,
      }
    : null;
