import type { CompletionRequest } from '@switchyard/contracts';
import { outputTokens } from '../default-output.js';
import { renderThinking as renderClaudeThinking } from '../anthropic-messages/request-thinking.js';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { effortForBudget, mayDisable, nearestEffort, reasoningWish } from '../reasoning.js';
import type { RenderTarget } from '../types.js';
import type { Family } from './wire.js';

/** This serves where neither caller nor catalogue knows better. */
const DEFAULT_MAX_TOKENS = 8192;

export interface Fields {
  /** `inferenceConfig`: what all models take. */
  readonly inference: JsonRecord;
  /** `additionalModelRequestFields`: what a model's maker calls by names of its own. */
  readonly additional: JsonRecord;
}

/** How much, how random, how long to think. */
export function renderFields(
  request: CompletionRequest,
  target: RenderTarget,
  family: Family,
  filter: ParameterFilter,
): Fields {
  const maxTokens = outputTokens(request, target.endpoint, DEFAULT_MAX_TOKENS);
  const thinking = renderThinking(request, target, family, maxTokens, filter);
  const thinks = thinking.isOn && family === 'claude';
  const temperature = filter.take('temperature', request.temperature);
  const topP = filter.take('top_p', request.topP);
  const topK = filter.take('top_k', request.topK) || undefined;
  // While it thinks, Claude takes none of these, and without it only one of temperature and top_p.
  if (thinks && temperature !== undefined && temperature !== 1) filter.drop('temperature');
  if (topP !== undefined && (thinks || (family === 'claude' && temperature !== undefined))) filter.drop('top_p');
  const takesTopK = (family === 'claude' && !thinks) || family === 'nova';
  if (topK !== undefined && !takesTopK) filter.drop('top_k');
  const verbosity = family === 'claude' ? filter.take('verbosity', request.verbosity) : undefined;
  if (family !== 'claude' && request.verbosity !== undefined) filter.drop('verbosity');
  const effort = thinking.effort ?? verbosity;
  return {
    inference: compact({
      // Thinking needs to know where it ends; else the model's own limit is the best default.
      maxTokens: filter.take('max_tokens', request.maxTokens) ?? (thinks ? maxTokens : undefined),
      temperature: thinks || temperature === undefined ? undefined : Math.min(temperature, 1),
      topP: thinks || (family === 'claude' && temperature !== undefined) ? undefined : topP,
      stopSequences: renderStop(filter.take('stop', request.stop)),
    }),
    additional: compact({
      ...thinking.fields,
      ...(takesTopK && topK !== undefined && (family === 'claude' ? { top_k: topK } : { inferenceConfig: { topK } })),
      output_config: family === 'claude' && effort !== undefined ? { effort } : undefined,
    }),
  };
}

const renderStop = (stop: readonly string[] | undefined): readonly string[] | undefined =>
  stop?.length ? stop : undefined;

interface Thinking {
  readonly isOn: boolean;
  readonly fields?: JsonRecord;
  readonly effort?: string;
}

const NOT_THINKING: Thinking = { isOn: false };

function renderThinking(
  request: CompletionRequest,
  target: RenderTarget,
  family: Family,
  maxTokens: number,
  filter: ParameterFilter,
): Thinking {
  if (family === 'claude') {
    const { thinking, effort } = renderClaudeThinking(request, target, maxTokens, filter);
    return {
      isOn: thinking !== undefined && thinking['type'] !== 'disabled',
      ...(thinking && { fields: { thinking } }),
      ...(effort !== undefined && { effort }),
    };
  }
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return NOT_THINKING;
  if (wish.kind === 'off') {
    if (family === 'nova' && mayDisable(target.endpoint))
      return { isOn: false, fields: { reasoningConfig: { type: 'disabled' } } };
    return NOT_THINKING;
  }
  const effort = wish.kind === 'effort' ? wish.effort : effortForBudget(wish.tokens, maxTokens);
  const nearest = nearestEffort(effort, ['low', 'medium', 'high']);
  if (family === 'nova')
    return { isOn: true, fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: nearest } } };
  if (family === 'gpt-oss') return { isOn: true, fields: { reasoning_effort: nearest } };
  // The others think or they do not; there is no field for it.
  filter.drop('reasoning');
  return NOT_THINKING;
}
