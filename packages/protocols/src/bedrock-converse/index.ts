import { readStream } from '../frames/read-stream.js';
import type { Protocol } from '../types.js';
import { parseError } from './error.js';
import { renderRequest } from './request.js';
import { parseResponse } from './response.js';
import { ConverseStreamReader } from './stream.js';

/** Amazon Bedrock's Converse and ConverseStream. */
export const bedrockConverse: Protocol = {
  id: 'bedrock-converse',
  renderRequest,
  parseResponse,
  createStreamReader: () => new ConverseStreamReader(),
  parseStream: (chunks) => readStream(chunks, new ConverseStreamReader()),
  parseError,
};
