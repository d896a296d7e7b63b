import type { Usage } from '@switchyard/contracts';
import { countOf, isRecord, recordsOf } from '../json.js';
import { bucketsOf, serviceTierOf } from '../usage-buckets.js';

/**
 * `promptTokenCount` contains cached tokens but not those of tool results that Google itself fetched
 * (`toolUsePromptTokenCount`); `candidatesTokenCount` does not contain thoughts. The counts are cumulative over a stream.
 */
export function parseUsage(value: unknown, searches: number): Usage | null {
  if (!isRecord(value)) return null;
  const prompt = countOf(value['promptTokenCount']);
  const total = countOf(value['totalTokenCount']);
  if (prompt === undefined && total === undefined) return null;
  const input = (prompt ?? 0) + (countOf(value['toolUsePromptTokenCount']) ?? 0);
  const thoughts = countOf(value['thoughtsTokenCount']) ?? 0;
  const candidates = countOf(value['candidatesTokenCount']) ?? 0;
  const inputDetails = modalities(value['promptTokensDetails']);
  const cached = modalities(value['cacheTokensDetails']);
  const outputDetails = modalities(value['candidatesTokensDetails']);
  return bucketsOf({
    prompt: input,
    // What the parts do not explain was output all the same.
    completion: Math.max(candidates + thoughts, (total ?? 0) - input),
    cacheRead: countOf(value['cachedContentTokenCount']),
    cacheReadAudio: cached.get('AUDIO'),
    // A cached picture is in both lists; it counts as cached.
    audioInput: (inputDetails.get('AUDIO') ?? 0) - (cached.get('AUDIO') ?? 0),
    imageInput: (inputDetails.get('IMAGE') ?? 0) - (cached.get('IMAGE') ?? 0),
    videoInput: (inputDetails.get('VIDEO') ?? 0) - (cached.get('VIDEO') ?? 0),
    reasoning: thoughts,
    audioOutput: outputDetails.get('AUDIO'),
    imageOutput: outputDetails.get('IMAGE'),
    searches,
    serviceTier: serviceTierOf(value['serviceTier']),
  });
}

const modalities = (details: unknown): ReadonlyMap<unknown, number> =>
  new Map(recordsOf(details).map((detail) => [detail['modality'], countOf(detail['tokenCount']) ?? 0]));
