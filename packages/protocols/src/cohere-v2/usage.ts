import type { Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordOf } from '../json.js';
import { bucketsOf } from '../usage-buckets.js';

/**
 * Reads `usage`. Cohere counts twice: `tokens` is all that the model saw, a hidden preamble of hundreds of tokens included, and
 * `billed_units` what the customer pays for (docs.cohere.com/docs/rate-limits#billing). Whoever charges by the first charges for
 * nothing up to thirty times over, so the second counts wherever there is one.
 *
 * The preamble comes first and a cache keeps prefixes, so the cached tokens are the preamble's before they are the customer's.
 * @returns null when there is no usage that can be believed
 */
export function parseUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null;
  const [tokens, billed] = [recordOf(value['tokens']), recordOf(value['billed_units'])];
  const images = countOf(billed['image_tokens']) ?? countOf(tokens['image_tokens']) ?? 0;
  const seen = countOf(tokens['input_tokens']);
  const prompt = countOf(billed['input_tokens']) ?? seen;
  const completion = countOf(billed['output_tokens']) ?? countOf(tokens['output_tokens']);
  if (prompt === undefined && completion === undefined) return null;
  const unbilled = Math.max((seen ?? 0) + images - (prompt ?? 0), 0);
  return bucketsOf({
    prompt: prompt ?? 0,
    completion: completion ?? 0,
    cacheRead: Math.max((countOf(value['cached_tokens']) ?? 0) - unbilled, 0),
    imageInput: images,
    reasoning: countOf(tokens['reasoning_tokens']),
  });
}
