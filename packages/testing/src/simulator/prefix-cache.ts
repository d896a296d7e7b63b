import { createHash } from 'node:crypto';

const BLOCK_TOKENS = 128;
const SHORTEST_HIT_TOKENS = 1024;
const MAX_BLOCKS = 20_000;

/**
 * Remembers prefixes of prompts, as providers with implicit caching do: in blocks of 128 tokens, and a hit counts from 1,024
 * tokens on (https://platform.openai.com/docs/guides/prompt-caching, 2026-11).
 */
export class PrefixCache {
  private readonly seen = new Set<string>();

  /** How many leading tokens of this prompt were seen before; remembers the prompt. */
  read(tokens: readonly string[]): number {
    const hash = createHash('sha256');
    let cached = 0;
    let unbroken = true;
    for (let end = BLOCK_TOKENS; end <= tokens.length; end += BLOCK_TOKENS) {
      hash.update(JSON.stringify(tokens.slice(end - BLOCK_TOKENS, end)));
      const key = hash.copy().digest('base64');
      unbroken &&= this.seen.has(key);
      if (unbroken) cached = end;
      this.remember(key);
    }
    return cached >= SHORTEST_HIT_TOKENS ? cached : 0;
  }

  private remember(key: string): void {
    this.seen.delete(key);
    this.seen.add(key);
    if (this.seen.size <= MAX_BLOCKS) return;
    const [oldest] = this.seen;
    if (oldest !== undefined) this.seen.delete(oldest);
  }
}
