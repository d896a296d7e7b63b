import type { DialectId, ProtocolId } from '@switchyard/contracts';
import { anthropicMessages } from './anthropic-messages/index.js';
import { bedrockConverse } from './bedrock-converse/index.js';
import { cohereV2 } from './cohere-v2/index.js';
import { anthropicBedrock } from './derived/anthropic-bedrock.js';
import { anthropicVertex } from './derived/anthropic-vertex.js';
import { geminiVertex } from './derived/gemini-vertex.js';
import { anthropicMessagesDialect } from './dialects/anthropic-messages/index.js';
import { geminiDialect } from './dialects/gemini/index.js';
import { openaiChatDialect } from './dialects/openai-chat/index.js';
import { openaiCompletionsDialect } from './dialects/openai-completions/index.js';
import { openaiResponsesDialect } from './dialects/openai-responses/index.js';
import { gemini } from './gemini/index.js';
import { mistral } from './mistral/index.js';
import { ollama } from './ollama/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiResponses } from './openai-responses/index.js';
import type { Dialect, Protocol } from './types.js';

const PROTOCOLS: Readonly<Record<ProtocolId, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'anthropic-vertex': anthropicVertex,
  'anthropic-bedrock': anthropicBedrock,
  'gemini-vertex': geminiVertex,
  'cohere-v2': cohereV2,
  mistral,
  ollama,
  'bedrock-converse': bedrockConverse,
};

const DIALECTS: Readonly<Record<DialectId, Dialect>> = {
  'openai-chat': openaiChatDialect,
  'openai-completions': openaiCompletionsDialect,
  'openai-responses': openaiResponsesDialect,
  'anthropic-messages': anthropicMessagesDialect,
  gemini: geminiDialect,
};

export const protocolOf = (id: ProtocolId): Protocol => PROTOCOLS[id];
export const dialectOf = (id: DialectId): Dialect => DIALECTS[id];
