import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { ResponsesStreamReader } from './stream.js';

/** OpenAI's Responses API, as Azure, xAI, DeepSeek and LM Studio speak it too. */
export const openaiResponses: Protocol = {
  id: 'openai-responses',
  renderRequest,
  parseResponse,
  createStreamReader: (provider) => new ResponsesStreamReader(provider),
  parseStream: (chunks, provider) => readStream(chunks, new ResponsesStreamReader(provider)),
  parseError,
};
