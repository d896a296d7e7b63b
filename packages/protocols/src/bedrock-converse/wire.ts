import type { CompletionRequest } from '@switchyard/contracts';
import type { JsonRecord } from '../json.js';
import type { RenderTarget } from '../types.js';

/**
 * Amazon Bedrock's Converse API: one format for the models of many makers
 * (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). A content block is an object with one field, which
 * names its type.
 */
export type WireBlock = JsonRecord;
export interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly content: WireBlock[];
}

/**
 * Reasoning that came encrypted. AWS sends the maker's bytes in an encoding of its own, so only Bedrock can read it back. Signed
 * reasoning of Claude has the maker's own format: its signatures hold wherever Claude runs.
 */
export const BEDROCK_REASONING = 'amazon-bedrock-v1';

/** Makers whose models take more than the common format has, and take it each in its own way. */
export type Family = 'claude' | 'nova' | 'gpt-oss' | 'other';

/** The maker, by the name of the model or, for the ARN of an inference profile, by the public id. */
export function familyOf({ endpoint }: RenderTarget): Family {
  const names = `${endpoint.upstreamModel} ${endpoint.modelId}`;
  if (/anthropic[./]/.test(names)) return 'claude';
  if (/amazon[./]nova/.test(names)) return 'nova';
  return /openai[./]gpt-oss/.test(names) ? 'gpt-oss' : 'other';
}

/** The web search that Bedrock runs for Nova (docs.aws.amazon.com/nova/latest/userguide/grounding.html). */
export const WEB_SEARCH = 'nova_grounding';

/** Calls of tools or their results anywhere in the conversation. */
export const usesTools = ({ messages }: CompletionRequest): boolean =>
  messages.some((message) => message.role === 'tool' || (message.role === 'assistant' && message.toolCalls.length > 0));
