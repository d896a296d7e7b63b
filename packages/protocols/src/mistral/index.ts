import { deriveProtocol } from '../derive-protocol.js';
import { openaiChat } from '../openai-chat/index.js';
import { adaptRequest } from './request.js';

/** Mistral's chat: answers in OpenAI's format, requests in one that looks like it (see the decision on native dialects). */
export const mistral = deriveProtocol('mistral', openaiChat, adaptRequest);
