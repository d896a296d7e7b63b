import { Buffer } from 'node:buffer';
import type { Dialect } from '../../types.js';
import { parseRequest } from './parse-request.js';
import { MessagesPassThroughLane } from './pass-through-lane.js';
import { renderError, renderStreamError } from './render-error.js';
import { editRequest } from './request-edit.js';
import { MessageRenderer } from './response-renderer.js';
import { MessageStreamRenderer } from './stream-renderer.js';

/** `POST /messages` as Anthropic's clients speak it. */
export const anthropicMessagesDialect: Dialect = {
  id: 'anthropic-messages',
  passThrough: {
    protocol: 'anthropic-messages',
    editRequest,
    createLane: (options) => new MessagesPassThroughLane(options),
  },
  createStreamRenderer: (context) => new MessageStreamRenderer(context),
  createResponseRenderer: (context) => new MessageRenderer(context),
  parseRequest,
  renderError,
  renderStreamError,
  stopsInLane: true,
  keepAlive: Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'),
};
