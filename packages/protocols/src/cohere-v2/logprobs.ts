import { Buffer } from 'node:buffer';
import { arrayOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** Cohere's log probabilities in OpenAI's form. A piece of several tokens has one text, so it becomes one entry with their sum. */
export function renderLogprobs(items: unknown): JsonRecord | undefined {
  const content = recordsOf(items).flatMap((item) => {
    const [token, values] = [textOf(item['text']), arrayOf(item['logprobs'])];
    const numbers = values.filter((value) => typeof value === 'number');
    if (token === undefined || numbers.length === 0) return [];
    const logprob = numbers.reduce((sum, value) => sum + value, 0);
    const bytes = [...Buffer.from(token, 'utf8')];
    return [{ token, logprob, bytes, top_logprobs: [{ token, logprob, bytes }] }];
  });
  return content.length > 0 ? { content, refusal: null } : undefined;
}
