import type { RenderTarget } from '../types.js';

/**
 * Beta features that change how Claude answers this one request. Others reach state of the gateway's own account (files, skills,
 * containers), connect to servers that the caller names, or are billed by prices that no catalogue row has (fast mode, a longer
 * context), so they stay behind until they are thought through.
 */
const HARMLESS =
  /^(?:interleaved-thinking|structured-outputs|fine-grained-tool-streaming|token-efficient-tools|output-128k|output-300k|extended-cache-ttl|prompt-caching(?:-scope)?|context-management|computer-use|tool-examples|tool-search-tool|advanced-tool-use|effort|task-budgets|pdfs|search-results|max-tokens-3-5-sonnet|claude-code|redact-thinking|adaptive-thinking|mid-conversation-system)-\d[\d-]*$/;

/** The header `anthropic-beta` of a client, as far as it may reach a provider; and whether something was left out. */
export function renderBetas({ clientHeaders }: RenderTarget): { readonly header?: string; readonly dropped: boolean } {
  const asked = (clientHeaders?.['anthropic-beta'] ?? '').split(',').flatMap((name) => name.trim() || []);
  const kept = asked.filter((name) => HARMLESS.test(name));
  return { ...(kept.length > 0 && { header: kept.join(',') }), dropped: kept.length < asked.length };
}
