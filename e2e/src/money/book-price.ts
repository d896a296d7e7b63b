import type { BookEntry } from '@switchyard/testing';

const PICOS_PER_NANO = 1_000n;

/**
 * What the upstream's own count costs at a pinned price, in nano-USD rounded up once: reckoned here from scratch, so that a fault of
 * the gateway's pricing cannot hide itself. Null where the upstream reported nothing. Covers what the simulator reports: prompt,
 * cached prompt and output.
 */
export function bookNanos(
  { reported }: Pick<BookEntry, 'reported'>,
  price: Readonly<Record<string, unknown>>,
): bigint | null {
  if (!reported) return null;
  const each = (name: string, otherwise: string) => BigInt(String(price[name] ?? price[otherwise]));
  const picos =
    BigInt(reported.promptTokens - reported.cachedTokens) * each('prompt', 'prompt') +
    BigInt(reported.cachedTokens) * each('cacheRead', 'prompt') +
    BigInt(reported.outputTokens - reported.reasoningTokens) * each('completion', 'completion') +
    BigInt(reported.reasoningTokens) * each('reasoning', 'completion');
  return (picos + PICOS_PER_NANO - 1n) / PICOS_PER_NANO;
}
