import type { FilterFactory } from './filter.js';

/** `:free`, and what a router of free models chose. */
export const freeOnly: FilterFactory = () => ({
  reason: 'free_variant',
  keeps: ({ isFree }, { variants }) => !variants.free || isFree,
});

/** `:extended`: of an endpoint of the model none is longer. */
export const extendedContext: FilterFactory = () => ({
  reason: 'extended_variant',
  keeps: ({ endpoint }, { variants, prepared }) =>
    !variants.extended || prepared.endpoints.every((other) => other.endpoint.contextLength <= endpoint.contextLength),
});

/** `:thinking`: who cannot reason cannot do it when asked to. */
export const thinkingVariant: FilterFactory = () => ({
  reason: 'thinking_variant',
  keeps: ({ supportedParameters }, { variants }) => !variants.thinking || supportedParameters.has('reasoning'),
});

/**
 * `:online` and the plugin `web`: only providers that search the web themselves. This gateway has no search engine, and an answer
 * without a search would be another one than was asked for.
 */
export const webSearch: FilterFactory = ({ request: { webPlugin } }) => ({
  reason: 'web_search',
  keeps: ({ supportedParameters }, { variants }) =>
    (!variants.online && webPlugin === undefined) || supportedParameters.has('web_search_options'),
});
