import { isRecord, recordOf, recordsOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** The format name of Gemini's reasoning in `reasoning_details` (spec 2.7). */
export const GEMINI_REASONING = 'google-gemini-v1';

export type WirePart = JsonRecord;
export interface WireContent {
  readonly role: 'user' | 'model';
  readonly parts: WirePart[];
}

/** What is read of a candidate of `GenerateContentResponse` (ai.google.dev/api/generate-content). */
export interface WireCandidate {
  readonly index: number;
  readonly parts: readonly JsonRecord[];
  readonly finishReason: unknown;
  readonly grounding: JsonRecord | undefined;
  readonly logprobs: JsonRecord | undefined;
}

const MAX_CANDIDATE_INDEX = 127;

export const candidatesOf = (response: JsonRecord): readonly WireCandidate[] =>
  recordsOf(response['candidates']).map((candidate, position) => ({
    index: Number.isInteger(candidate['index'])
      ? Math.min(Math.max(candidate['index'] as number, 0), MAX_CANDIDATE_INDEX)
      : Math.min(position, MAX_CANDIDATE_INDEX),
    parts: recordsOf(recordOf(candidate['content'])['parts']),
    finishReason: candidate['finishReason'],
    grounding: isRecord(candidate['groundingMetadata']) ? candidate['groundingMetadata'] : undefined,
    logprobs: isRecord(candidate['logprobsResult']) ? candidate['logprobsResult'] : undefined,
  }));
