import { Buffer } from 'node:buffer';
import type { GatewayError } from '@switchyard/contracts';
import type { RenderContext } from '../../types.js';
import { errorObject } from './render-error.js';

/**
 * The last chunk of a choice that the gateway ended: `finish_reason` is `length`, as for any answer that met a limit. Why stands in
 * the choice's own `error` (OpenRouter's streaming choices have that field): one at the top level makes clients throw the answer
 * away that they have.
 */
export function renderStop(reason: GatewayError, context: RenderContext): Uint8Array {
  const error = errorObject(reason);
  const chunk = {
    id: context.generationId,
    object: 'chat.completion.chunk',
    created: context.created,
    model: context.model,
    provider: context.providerName,
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'length', native_finish_reason: null, error }],
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}
