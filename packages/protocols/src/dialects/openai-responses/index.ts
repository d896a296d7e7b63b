import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { errorObject, renderError } from '../openai-chat/render-error.js';
import { parseRequest } from './parse-request.js';
import { ResponsesPassThroughLane } from './pass-through-lane.js';
import { ResponsesRenderer, ResponsesStreamRenderer } from './renderers.js';
import { editRequest } from './request-edit.js';
import { responseObject } from './response-object.js';

/** `POST /responses` as OpenAI's and OpenRouter's clients speak it. */
export const openaiResponsesDialect: Dialect = {
  id: 'openai-responses',
  passThrough: {
    protocol: 'openai-responses',
    editRequest,
    createLane: (options) => new ResponsesPassThroughLane(options),
  },
  createStreamRenderer: (context, request) => new ResponsesStreamRenderer(context, request),
  createResponseRenderer: (context, request) => new ResponsesRenderer(context, request),
  parseRequest,
  renderError,
  /** `response.failed` is how this format ends a response that has begun and went wrong. */
  renderStreamError(error, context) {
    const { metadata } = errorObject(error);
    const failed = { code: error.code, message: error.message, metadata };
    const response = responseObject(context, {}, { status: 'failed', error: failed, ...routingField(error.routing) });
    // The number is beyond any that came before: clients only ask that numbers grow.
    const event = { type: 'response.failed', sequence_number: Number.MAX_SAFE_INTEGER, response };
    return Buffer.from(`event: response.failed\ndata: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
  },
  stopsInLane: true,
  keepAlive: Buffer.from(': OPENROUTER PROCESSING\n\n'),
};
