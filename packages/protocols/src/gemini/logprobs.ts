import { Buffer } from 'node:buffer';
import { recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** `logprobsResult` in OpenAI's form. */
export function renderLogprobs(result: JsonRecord): JsonRecord {
  const alternatives = recordsOf(result['topCandidates']).map((top) => recordsOf(top['candidates']).map(tokenOf));
  const content = recordsOf(result['chosenCandidates']).map((chosen, position) => ({
    ...tokenOf(chosen),
    top_logprobs: alternatives[position] ?? [],
  }));
  return { content, refusal: null };
}

function tokenOf(candidate: JsonRecord): JsonRecord {
  const token = textOf(candidate['token']) ?? '';
  const logprob = candidate['logProbability'];
  return { token, logprob: typeof logprob === 'number' ? logprob : 0, bytes: [...Buffer.from(token, 'utf8')] };
}
