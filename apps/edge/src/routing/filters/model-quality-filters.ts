import type { FilterFactory } from './filter.js';

/** `provider.quantizations`: only endpoints at a listed level; one of unknown level only where `unknown` is listed. */
export const quantization: FilterFactory = ({ request: { provider } }) => {
  if (!provider.quantizations || provider.quantizations.length === 0) return null;
  const listed: ReadonlySet<string> = new Set(provider.quantizations);
  return { reason: 'quantization', keeps: ({ endpoint }) => listed.has(endpoint.quantization) };
};

/**
 * `provider.enforce_distillable_text`: only models whose author allows distillation. The catalogue knows that of no model, so
 * none is left: an answer from one that may not be used would be worse.
 */
export const distillableText: FilterFactory = ({ request: { provider } }) =>
  provider.enforceDistillableText === true ? { reason: 'distillable_text', keeps: () => false } : null;
