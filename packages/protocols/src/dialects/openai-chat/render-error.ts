import { Buffer } from 'node:buffer';
import type { GatewayError } from '@switchyard/contracts';
import type { RenderContext } from '../../types.js';

/** The `error` object of bodies and chunks (spec 5.1): an integer code, OpenRouter's word for it, and our own stable code. */
export const errorObject = (error: GatewayError) => ({
  code: error.definition.status,
  message: error.message,
  metadata: { ...error.metadata, error_type: error.definition.type, code: error.code },
});

export function renderError(error: GatewayError): { status: number; headers: Record<string, string>; body: object } {
  const headers: Record<string, string> = {};
  // Whole seconds (RFC 9110), rounded up: whoever waits as long as told must not come too early.
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000));
  return { status: error.definition.status, headers, body: { error: errorObject(error) } };
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
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
}
