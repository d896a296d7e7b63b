import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { parseRequest } from './parse-request.js';
import { renderError, renderStreamError } from './render-error.js';

/** `POST /chat/completions` as OpenAI's and OpenRouter's clients speak it. */
export const openaiChatDialect: Dialect = {
  id: 'openai-chat',
  parseRequest,
  renderError,
  renderStreamError,
  keepAlive: Buffer.from(': OPENROUTER PROCESSING\n\n'),
};
