import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { CohereStreamReader } from './stream.js';

/** Cohere's chat, version 2 of its API. */
export const cohereV2: Protocol = {
  id: 'cohere-v2',
  renderRequest,
  parseResponse,
  createStreamReader: () => new CohereStreamReader(),
  parseStream: (chunks) => readStream(chunks, new CohereStreamReader()),
  parseError,
};
