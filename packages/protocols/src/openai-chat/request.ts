import type { CompletionRequest } from '@switchyard/contracts';
import type { JsonRecord } from '../json.js';
import { ParameterFilter } from '../parameters.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { editMessages, editTools } from './request-edit.js';
import { renderMessages } from './request-messages.js';
import { renderParameters } from './request-parameters.js';

/** OpenAI's `POST /chat/completions` from the canonical request. */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint);
  const body = { ...renderParameters(request, target, filter), messages: renderMessages(request.messages, target) };
  return upstream(body, filter);
}

/** The same from the client's own body of this format: fields inside messages, tools and schemas that nobody here knows survive. */
export function editRequest(request: CompletionRequest, clientBody: JsonRecord, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint);
  const body = renderParameters(request, target, filter);
  body['messages'] = editMessages(request, clientBody, target);
  if (body['tools'] !== undefined) body['tools'] = editTools(clientBody['tools']);
  if (body['response_format'] !== undefined) body['response_format'] = clientBody['response_format'];
  return upstream(body, filter);
}

const upstream = (body: JsonRecord, filter: ParameterFilter): UpstreamRequest => ({
  path: '/chat/completions',
  headers: { 'content-type': 'application/json' },
  body,
  dropped: filter.dropped,
});
