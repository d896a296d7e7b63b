import { Buffer } from 'node:buffer';
import type { GatewayError } from '@switchyard/contracts';
import type { RenderContext } from '../../types.js';
import { retryAfterHeader } from '../common/retry-after-header.js';
import { routingField } from '../common/routing-field.js';

/** The `error` object of bodies and chunks (spec 5.1): an integer code, OpenRouter's word for it, and our own stable code. */
export const errorObject = (error: GatewayError) => ({
  code: error.definition.status,
  message: error.message,
  metadata: { ...error.metadata, error_type: error.definition.type, code: error.code },
});

export function renderError(error: GatewayError): { status: number; headers: Record<string, string>; body: object } {
  return {
    status: error.definition.status,
    headers: retryAfterHeader(error),
    body: { error: errorObject(error), ...routingField(error.routing) },
  };
}

/** The end of a stream that has begun: one chunk with the error and the finish reason `error` (spec 2.9), then `[DONE]`. */
export function renderStreamError(error: GatewayError, context: RenderContext): Uint8Array {
  const chunk = {
    id: context.generationId,
    object: 'chat.completion.chunk',
    created: context.created,
    model: context.model,
    provider: context.providerName,
    error: errorObject(error),
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: null }],
    ...routingField(error.routing),
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
}
