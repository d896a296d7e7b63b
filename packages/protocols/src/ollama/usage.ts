import type { Usage } from '@switchyard/contracts';
import { countOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { bucketsOf } from '../usage-buckets.js';

/**
 * Reads the counts of the last object. Ollama leaves out a count that is zero, also that of a prompt that old servers had in their
 * cache; thinking is part of the output and not counted apart.
 * @returns null when there are no counts at all
 */
export function parseUsage(end: JsonRecord): Usage | null {
  const [prompt, completion] = [countOf(end['prompt_eval_count']), countOf(end['eval_count'])];
  if (prompt === undefined && completion === undefined) return null;
  return bucketsOf({ prompt: prompt ?? 0, completion: completion ?? 0 });
}
