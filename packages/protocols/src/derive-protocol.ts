import type { ProtocolId } from '@switchyard/contracts';
import type { Derivation, Protocol } from './types.js';

/** A protocol whose answers and errors are those of another; only its requests are adapted. */
export const deriveProtocol = (id: ProtocolId, base: Protocol, adapt: Derivation['adapt']): Protocol => ({
  ...base,
  id,
  renderRequest: (request, target) => adapt(base.renderRequest(request, target), request, target),
  derivation: { base: base.id, adapt },
});
