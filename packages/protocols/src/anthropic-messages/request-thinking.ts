import type { CompletionRequest } from '@switchyard/contracts';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { isOwnThought } from './request-content.js';
import { thinkingOf } from './thinking-ability.js';
import { budgetForEffort, effortForBudget, mayDisable, nearestEffort, reasoningWish } from '../reasoning.js';
import type { RenderTarget } from '../types.js';

/** Anthropic's least budget, and the most that OpenRouter asks for (spec 2.8). */
export const MIN_BUDGET = 1024;
export const MAX_BUDGET = 128_000;

export interface Thinking {
  readonly thinking?: JsonRecord;
  /** `output_config.effort`. */
  readonly effort?: string;
}

const NOT_THINKING: Thinking = {};

/**
 * Newer models (those that list efforts) think adaptively and take an effort; older ones take a budget of tokens:
 * `max(min(max_tokens × ratio, 128000), 1024)`,
 * and `max_tokens` must exceed it. `max_tokens` itself never grows: it is what the caller has agreed to pay for.
 */
export function renderThinking(
  request: CompletionRequest,
  target: RenderTarget,
  maxTokens: number,
  filter: ParameterFilter,
): Thinking {
  const wish = filter.take('reasoning', reasoningWish(request.reasoning));
  if (!wish) return NOT_THINKING;
  if (wish.kind === 'off') return mayDisable(target.endpoint) ? { thinking: { type: 'disabled' } } : NOT_THINKING;
  if (excludesThinking(request)) return drop(filter);
  const { efforts, takesBudget } = thinkingOf(target.endpoint);
  if (wish.kind === 'effort' && efforts.length > 0)
    return { thinking: { type: 'adaptive' }, effort: nearestEffort(wish.effort, efforts) };
  if (wish.kind === 'budget' && !takesBudget)
    return { thinking: { type: 'adaptive' }, effort: nearestEffort(effortForBudget(wish.tokens, maxTokens), efforts) };
  if (maxTokens <= MIN_BUDGET || lacksThoughts(request)) return drop(filter);
  const tokens = wish.kind === 'effort' ? budgetForEffort(wish.effort, maxTokens) : wish.tokens;
  const budget = Math.min(Math.max(Math.min(tokens, MAX_BUDGET), MIN_BUDGET), maxTokens - 1);
  return { thinking: { type: 'enabled', budget_tokens: budget } };
}

/**
 * Claude refuses thinking together with a forced tool, on which the caller's program depends, and with a prefill, whose
 * continuation could not begin with a thought.
 */
function excludesThinking(request: CompletionRequest): boolean {
  const forced = request.toolChoice === 'required' || typeof request.toolChoice === 'object';
  return (
    (forced && request.tools !== undefined && request.tools.length > 0) || request.messages.at(-1)?.role === 'assistant'
  );
}

/**
 * With a budget Claude refuses a turn of tools that began without a thought of its own, as where another model, or Claude without
 * thinking, made the calls whose results come now. Adaptive thinking takes it.
 */
function lacksThoughts({ messages }: CompletionRequest): boolean {
  const last = messages.findLast((message) => message.role !== 'tool');
  if (last?.role !== 'assistant' || last.toolCalls.length === 0) return false;
  return !last.reasoning.some(isOwnThought);
}

function drop(filter: ParameterFilter): Thinking {
  filter.drop('reasoning');
  return NOT_THINKING;
}
