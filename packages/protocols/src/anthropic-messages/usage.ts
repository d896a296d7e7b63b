import type { Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { bucketsOf } from '../usage-buckets.js';

/**
 * Anthropic counts cache reads and writes beside `input_tokens`, not inside. `message_start` brings the input, `message_delta`
 * cumulative values of everything that changed, so the later object wins field by field.
 */
export const mergeUsage = (earlier: JsonRecord, later: unknown): JsonRecord => ({
  ...earlier,
  ...Object.fromEntries(Object.entries(recordOf(later)).filter(([, value]) => value !== null)),
});

export function parseUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null;
  const [input, output] = [countOf(value['input_tokens']), countOf(value['output_tokens'])];
  if (input === undefined && output === undefined) return null;
  const cacheRead = countOf(value['cache_read_input_tokens']) ?? 0;
  const written = countOf(value['cache_creation_input_tokens']) ?? 0;
  // Only the split by lifetime tells which price holds; without it all was written for five minutes, the default.
  const written1h = Math.min(countOf(recordOf(value['cache_creation'])['ephemeral_1h_input_tokens']) ?? 0, written);
  return bucketsOf({
    prompt: (input ?? 0) + cacheRead + written,
    completion: output ?? 0,
    cacheRead,
    cacheWrite: written - written1h,
    cacheWrite1h: written1h,
    reasoning: countOf(recordOf(value['output_tokens_details'])['thinking_tokens']),
    searches: countOf(recordOf(value['server_tool_use'])['web_search_requests']),
    // `service_tier: "priority"` is capacity that was paid for in advance; what has a price of its own is speed.
    serviceTier: value['speed'] === 'fast' ? 'priority' : undefined,
  });
}
