import type { CompletionRequest, Price, StickyPin, Usage } from '@switchyard/contracts';

const MINUTE_MS = 60_000;
/** How long a place is kept without another success (spec 3.7). */
export const IDLE_MS = 10 * MINUTE_MS;
export const LONG_CACHE_IDLE_MS = 60 * MINUTE_MS;

/** What a success says about where its conversation should go on. */
export interface Success {
  readonly named: boolean;
  readonly usage: Usage;
  readonly price: Price;
  /** The conversation carries reasoning that only its maker can read. */
  readonly sealed: boolean;
}

/**
 * Why a conversation should stay where it was served: for its cache, where one was used and is cheaper than the prompt; for its
 * session; or for reasoning that was made there. Null where nothing is gained.
 */
export function reasonToStay({ named, usage, price, sealed }: Success): StickyPin['why'] | null {
  const cachePays = price.cacheRead !== undefined && price.cacheRead < price.prompt;
  const cached =
    usage.cacheReadTokens + usage.cacheReadAudioTokens + usage.cacheWriteTokens + usage.cacheWrite1hTokens > 0;
  if (cachePays && named) return 'session';
  if (cachePays && cached) return 'cache';
  return sealed || usage.reasoningTokens > 0 ? 'reasoning' : null;
}

/** As long as the longest lifetime of a cache that the request asks for. */
export const idleMsOf = (request: CompletionRequest): number =>
  asksForLongCache(request) ? LONG_CACHE_IDLE_MS : IDLE_MS;

function asksForLongCache({ cacheControl, messages, tools }: CompletionRequest): boolean {
  const isLong = (control: CompletionRequest['cacheControl']): boolean => control?.ttl === '1h';
  return (
    isLong(cacheControl) ||
    (tools ?? []).some((tool) => isLong(tool.cacheControl)) ||
    messages.some(({ content }) => content.some((part) => 'cacheControl' in part && isLong(part.cacheControl)))
  );
}
