import type { JsonRecord } from '../json.js';

/** What OpenAI's reasoning is called in `reasoning_details` (spec 2.7). */
export const RESPONSES_REASONING = 'openai-responses-v1';

/** Hosts whose encrypted reasoning has a name of its own: none of them can read that of another. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ['openai', RESPONSES_REASONING],
  ['azure', 'azure-openai-responses-v1'],
  ['bedrock-mantle', 'bedrock-openai-responses-v1'],
  ['xai', 'xai-responses-v1'],
]);

/** Who made a piece of reasoning, in the words of `reasoning_details.format`. */
export interface ReasoningFormats {
  /** Of encrypted reasoning, which goes back only to its maker. */
  readonly encrypted: string;
  /** Of readable reasoning; servers of open models hide nothing, so theirs belongs to nobody. */
  readonly readable: string;
}

/** @param provider id of the provider that answers; OpenAI where nobody says. */
export function reasoningFormatsOf(provider = 'openai'): ReasoningFormats {
  const known = FORMATS.get(provider);
  return { encrypted: known ?? `${provider}-responses-v1`, readable: known ?? 'unknown' };
}

/** Whether a provider gives its reasoning away encrypted; others may refuse the wish. */
export const encryptsReasoning = (provider: string): boolean => FORMATS.has(provider);

/** Items that we write; see platform.openai.com/docs/api-reference/responses. */
export type WireItem = JsonRecord;

/** Positions beyond this are no answer but an attack on our memory. */
export const MAX_ITEMS = 4096;
