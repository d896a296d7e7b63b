import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { OpenAiStreamReader } from './stream.js';

/** OpenAI's chat completions, as dozens of providers and servers speak them. */
export const openaiChat: Protocol = {
  id: 'openai-chat',
  renderRequest,
  parseResponse,
  createStreamReader: () => new OpenAiStreamReader(),
  parseStream: (chunks) => readStream(chunks, new OpenAiStreamReader()),
  parseError,
};
