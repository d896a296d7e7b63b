import type { JsonRecord } from '../json.js';

/** Anthropic refuses a request with more (platform.claude.com/docs/en/build-with-claude/prompt-caching). */
export const MAX_CACHE_BREAKPOINTS = 4;

/**
 * Takes surplus breakpoints away, in place. `stable` are tools and instructions, `turns` the blocks of the conversation, both in the
 * order of the prompt. A breakpoint covers all that stands before it, so the last ones are worth most: of the stable part, which the
 * next conversation shares, one stays at least, and of the conversation, which the next turn continues, the latest. The order of
 * lifetimes (an hour before five minutes) cannot be broken by leaving some out.
 */
export function limitBreakpoints(stable: readonly JsonRecord[], turns: readonly JsonRecord[]): void {
  const [shared, own] = [stable.filter(isMarked), turns.filter(isMarked)];
  const anchor = shared.slice(-1);
  const others = [...shared.slice(0, -1), ...own];
  const kept = new Set([
    ...anchor,
    ...others.slice(Math.max(0, others.length - MAX_CACHE_BREAKPOINTS + anchor.length)),
  ]);
  for (const block of [...shared, ...own]) if (!kept.has(block)) delete block['cache_control'];
}

const isMarked = (block: JsonRecord): boolean => block['cache_control'] !== undefined;
