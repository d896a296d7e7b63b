import type { Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordOf, recordsOf } from '../json.js';
import { bucketsOf, serviceTierOf } from '../usage-buckets.js';

/**
 * `usage` of Converse. Cache reads and writes stand beside `inputTokens`, not inside; `cacheDetails` says how long what was written is
 * kept. Reasoning is part of `outputTokens` and never counted by itself.
 * @param tier `serviceTier` of the answer: what it was really served with
 * @param searches calls of the web search, which the usage itself does not count
 */
export function parseUsage(value: unknown, tier: unknown, searches: number): Usage | null {
  if (!isRecord(value)) return null;
  const [input, output] = [countOf(value['inputTokens']), countOf(value['outputTokens'])];
  if (input === undefined && output === undefined) return null;
  const cacheRead = countOf(value['cacheReadInputTokens']) ?? 0;
  const written = countOf(value['cacheWriteInputTokens']) ?? 0;
  const forAnHour = recordsOf(value['cacheDetails'])
    .filter(({ ttl }) => ttl === '1h')
    .reduce((sum, { inputTokens }) => sum + (countOf(inputTokens) ?? 0), 0);
  const written1h = Math.min(forAnHour, written);
  return bucketsOf({
    prompt: (input ?? 0) + cacheRead + written,
    completion: output ?? 0,
    cacheRead,
    cacheWrite: written - written1h,
    cacheWrite1h: written1h,
    searches,
    serviceTier: serviceTierOf(recordOf(tier)['type']),
  });
}
