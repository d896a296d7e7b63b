import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { parseRequest } from './parse-request.js';
import { GeminiPassThroughLane } from './pass-through-lane.js';
import { renderError, renderStreamError } from './render-error.js';
import { GeminiResponseRenderer, GeminiStreamRenderer } from './renderers.js';
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
  keepAlive: Buffer.from(': keep-alive\r\n\r\n'),
};
