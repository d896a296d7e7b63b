import type { CompletionRequest } from '@switchyard/contracts';
import { recordsOf } from '../json.js';
import { supports } from '../parameters.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { adaptMessages } from './request-messages.js';

/** Fields of OpenAI's form that our canonical request knows and Mistral refuses. Whole providers omit more: that is data. */
const UNKNOWN_FIELDS = ['prompt_cache_key', 'modalities', 'audio', 'image_config'] as const;

/** OpenAI's `POST /chat/completions` as Mistral wants it (docs.mistral.ai/api). */
export function adaptRequest(
  upstream: UpstreamRequest,
  request: CompletionRequest,
  target: RenderTarget,
): UpstreamRequest {
  const thinks = supports(target.endpoint, 'reasoning');
  const assistants = request.messages.flatMap((message) =>
    message.role === 'assistant' ? [thinks ? message : null] : [],
  );
  const body: Record<string, unknown> = { ...upstream.body };
  for (const field of UNKNOWN_FIELDS) delete body[field];
  body['messages'] = adaptMessages(recordsOf(body['messages']), assistants);
  const effort = body['reasoning_effort'];
  // Models that always think have no such switch, those that have one know only on and off.
  if (target.endpoint.reasoning?.mandatory) delete body['reasoning_effort'];
  else if (effort !== undefined && effort !== 'none') body['reasoning_effort'] = 'high';
  return { ...upstream, body };
}
