import type { CompletionRequest, DialectId, ProtocolId } from '@switchyard/contracts';
import { dialectOf, protocolOf } from './registry.js';
import type { RenderTarget, UpstreamRequest } from './types.js';

/**
 * The upstream's request. Where client and upstream speak the same format it is the client's own body (`body`, parsed) after a
 * shallow edit, so that unknown fields survive; else, and without a body, it is rendered from the canonical request.
 */
export function renderUpstream(
  request: CompletionRequest,
  body: Record<string, unknown> | null,
  dialect: DialectId,
  protocol: ProtocolId,
  target: RenderTarget,
): UpstreamRequest {
  const { passThrough } = dialectOf(dialect);
  const upstream = protocolOf(protocol);
  const { derivation } = upstream;
  if (body === null) return upstream.renderRequest(request, target);
  if (passThrough?.protocol === protocol) return passThrough.editRequest(request, body, target);
  if (derivation && passThrough?.protocol === derivation.base)
    return derivation.adapt(passThrough.editRequest(request, body, target), request, target);
  return upstream.renderRequest(request, target);
}
