import { Buffer } from 'node:buffer';
import { PassThroughLane } from '../../lanes/pass-through-lane.js';
import { editRequest } from '../../openai-chat/request.js';
import type { Dialect } from '../../types.js';
import { ChunkRenderer } from './chunk-renderer.js';
import { parseRequest } from './parse-request.js';
import { renderError, renderStreamError } from './render-error.js';
import { renderStop } from './render-stop.js';
import { ResponseBuilder } from './response-builder.js';

/** `POST /chat/completions` as OpenAI's and OpenRouter's clients speak it. */
export const openaiChatDialect: Dialect = {
  id: 'openai-chat',
  passThrough: {
    protocol: 'openai-chat',
    editRequest,
    createLane: (options) => new PassThroughLane(options),
  },
  createStreamRenderer: (context, { reasoning }) => new ChunkRenderer(context, reasoning?.exclude === true),
  createResponseRenderer: (context, { reasoning }) => new ResponseBuilder(context, reasoning?.exclude === true),
  parseRequest,
  renderError,
  renderStreamError,
  renderStop,
  keepAlive: Buffer.from(': OPENROUTER PROCESSING\n\n'),
};
