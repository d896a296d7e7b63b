import type { CompletionRequest } from '@switchyard/contracts';
import { compact, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { budgetForEffort, effortForBudget, mayDisable, nearestEffort, reasoningWish } from '../reasoning.js';
import type { RenderTarget } from '../types.js';

const MAX_STOP_SEQUENCES = 5;
const DEFAULT_OUTPUT_TOKENS = 8192;

/** `generationConfig` (ai.google.dev/api/generate-content#GenerationConfig). */
export function renderConfig(request: CompletionRequest, target: RenderTarget, filter: ParameterFilter): JsonRecord {
  return compact({
    maxOutputTokens: filter.take('max_tokens', request.maxTokens),
    candidateCount: request.n,
    temperature: filter.take('temperature', request.temperature),
    topP: filter.take('top_p', request.topP),
    // 0 means off in our dialect.
    topK: filter.take('top_k', request.topK) || undefined,
    seed: filter.take('seed', request.seed),
    stopSequences: filter.take('stop', request.stop)?.slice(0, MAX_STOP_SEQUENCES),
    frequencyPenalty: filter.take('frequency_penalty', request.frequencyPenalty),
    presencePenalty: filter.take('presence_penalty', request.presencePenalty),
    responseLogprobs: filter.take('logprobs', request.logprobs),
    logprobs: filter.take('top_logprobs', request.topLogprobs) || undefined,
    ...renderFormat(request, filter),
    thinkingConfig: renderThinking(request, target, filter),
    responseModalities: request.modalities?.map((modality) => modality.toUpperCase()),
    imageConfig: renderImageConfig(request.imageConfig),
    speechConfig: renderSpeech(request.audio),
  });
}

function renderFormat(request: CompletionRequest, filter: ParameterFilter): JsonRecord {
  const format = filter.take('response_format', request.responseFormat);
  if (!format || format.type === 'text') return {};
  return {
    responseMimeType: 'application/json',
    responseJsonSchema: format.type === 'json_schema' ? format.schema : undefined,
  };
}

/** Gemini 3 lists efforts and takes a level; Gemini 2.5 takes a budget of tokens, 0 to be off. */
function renderThinking(
  request: CompletionRequest,
  target: RenderTarget,
  filter: ParameterFilter,
): JsonRecord | undefined {
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return undefined;
  const efforts = target.endpoint.reasoning?.efforts ?? [];
  const output = request.maxTokens ?? target.endpoint.maxCompletionTokens ?? DEFAULT_OUTPUT_TOKENS;
  const shown = { includeThoughts: request.reasoning?.exclude !== true };
  if (wish.kind === 'off') {
    if (!mayDisable(target.endpoint)) return undefined;
    return efforts.length > 0 ? { thinkingLevel: nearestEffort('minimal', efforts) } : { thinkingBudget: 0 };
  }
  if (efforts.length > 0) {
    const wanted = wish.kind === 'effort' ? wish.effort : effortForBudget(wish.tokens, output);
    return { ...shown, thinkingLevel: nearestEffort(wanted, efforts) };
  }
  return { ...shown, thinkingBudget: wish.kind === 'budget' ? wish.tokens : budgetForEffort(wish.effort, output) };
}

function renderImageConfig(config: unknown): JsonRecord | undefined {
  const { aspect_ratio: aspectRatio, image_size: imageSize } = recordOf(config);
  const rendered = compact({ aspectRatio, imageSize });
  return Object.keys(rendered).length > 0 ? rendered : undefined;
}

function renderSpeech(audio: unknown): JsonRecord | undefined {
  const voiceName = textOf(recordOf(audio)['voice']);
  return voiceName === undefined ? undefined : { voiceConfig: { prebuiltVoiceConfig: { voiceName } } };
}
