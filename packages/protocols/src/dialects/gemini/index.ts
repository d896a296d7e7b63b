import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { parseRequest } from './parse-request.js';
import { GeminiPassThroughLane } from './pass-through-lane.js';
import { renderError, renderStreamError } from './render-error.js';
import { GeminiResponseRenderer, GeminiStreamRenderer, headOf, sseOf } from './renderers.js';
import { editRequest } from './request-edit.js';

/** `generateContent` and `streamGenerateContent` as Google's clients speak them. */
export const geminiDialect: Dialect = {
  id: 'gemini',
  passThrough: {
    protocol: 'gemini',
    editRequest,
    createLane: (options) => new GeminiPassThroughLane(options),
  },
  createStreamRenderer: (context, request) => new GeminiStreamRenderer(context, request),
  createResponseRenderer: (context, request) => new GeminiResponseRenderer(context, request),
  parseRequest,
  renderError,
  renderStreamError,
  /** `MAX_TOKENS`, as for any answer that met a limit; why stands in the words for it. */
  renderStop(reason, context) {
    const candidate = {
      index: 0,
      content: { role: 'model', parts: [] },
      finishReason: 'MAX_TOKENS',
      finishMessage: reason.message,
    };
    return Buffer.from(sseOf({ candidates: [candidate], ...headOf(context) }));
  },
  keepAlive: Buffer.from(': keep-alive\r\n\r\n'),
};
