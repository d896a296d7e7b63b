import type { CatalogueEndpoint } from '@switchyard/contracts';

/** How an endpoint's Claude is told how much to think. */
export interface ThinkingAbility {
  /** Empty: none. */
  readonly efforts: readonly string[];
  readonly takesBudget: boolean;
}

/** `claude-opus-4-7`, `anthropic.claude-sonnet-5-v1:0`, `claude-haiku-4-5@20251001`; a date is no minor version. */
const VERSION = /claude-[a-z]+-(\d+)(?:[-.](\d{1,2}))?(?!\d)/;

/**
 * The catalogue's word, and where it has none the model's name: Claude takes efforts from 4.6 on, and no budget after it
 * (platform.claude.com/docs/en/build-with-claude/adaptive-thinking). A deployment with a name of its own is taken for an older one.
 */
export function thinkingOf({ reasoning, upstreamModel, modelId }: CatalogueEndpoint): ThinkingAbility {
  if (reasoning && reasoning.efforts.length > 0)
    return { efforts: reasoning.efforts, takesBudget: reasoning.maxTokens };
  const [, major = '0', minor = '0'] = VERSION.exec(upstreamModel) ?? VERSION.exec(modelId) ?? [];
  const version = Number(major) * 100 + Number(minor);
  if (version < 406) return { efforts: [], takesBudget: true };
  return version === 406
    ? { efforts: ['max', 'high', 'medium', 'low'], takesBudget: true }
    : { efforts: ['max', 'xhigh', 'high', 'medium', 'low'], takesBudget: false };
}
