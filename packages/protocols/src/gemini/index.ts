import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { GeminiStreamReader } from './stream.js';

/** Gemini through Google AI Studio. */
export const gemini: Protocol = {
  id: 'gemini',
  renderRequest,
  parseResponse,
  createStreamReader: () => new GeminiStreamReader(),
  parseStream: (chunks) => readStream(chunks, new GeminiStreamReader()),
  parseError,
};
