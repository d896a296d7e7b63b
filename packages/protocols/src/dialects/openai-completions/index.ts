import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { errorObject, renderError } from '../openai-chat/render-error.js';
import { parseRequest } from './parse-request.js';
import { CompletionRenderer, CompletionStreamRenderer, headOf } from './renderers.js';

/** `POST /completions`, OpenAI's older API. */
export const openaiCompletionsDialect: Dialect = {
  id: 'openai-completions',
  createStreamRenderer: (context, { reasoning }) => new CompletionStreamRenderer(context, reasoning?.exclude === true),
  createResponseRenderer: (context, { reasoning }) => new CompletionRenderer(context, reasoning?.exclude === true),
  parseRequest,
  renderError,
  renderStreamError(error, context) {
    const choices = [{ index: 0, text: '', logprobs: null, finish_reason: 'error' }];
    const chunk = { ...headOf(context), error: errorObject(error), choices, ...routingField(error.routing) };
    return Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  },
  /** Like that of chat completions: `length`, and why in the choice's own `error`. */
  renderStop(reason, context) {
    const stop = { index: 0, text: '', logprobs: null, finish_reason: 'length', native_finish_reason: null };
    const chunk = { ...headOf(context), choices: [{ ...stop, error: errorObject(reason) }] };
    return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
  },
  keepAlive: Buffer.from(': OPENROUTER PROCESSING\n\n'),
};
