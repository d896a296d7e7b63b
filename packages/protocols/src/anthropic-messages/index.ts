import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { AnthropicStreamReader } from './stream.js';

/** Anthropic's Messages API. */
export const anthropicMessages: Protocol = {
  id: 'anthropic-messages',
  renderRequest,
  parseResponse,
  createStreamReader: () => new AnthropicStreamReader(),
  parseStream: (chunks) => readStream(chunks, new AnthropicStreamReader()),
  parseError,
};
