import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { OllamaStreamReader } from './stream.js';

/** Ollama's own API. Its compatible one (`/v1`) is `openai-chat`, but knows neither `options` nor every way to think. */
export const ollama: Protocol = {
  id: 'ollama',
  renderRequest,
  parseResponse,
  createStreamReader: () => new OllamaStreamReader(),
  parseStream: (chunks) => readStream(chunks, new OllamaStreamReader()),
  parseError,
};
