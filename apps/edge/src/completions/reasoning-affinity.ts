import type { CatalogueEndpoint, CompletionRequest } from '@switchyard/contracts';
import { readsSealed } from '@switchyard/protocols';
import { endpointProtocol } from '@switchyard/providers/endpoint-protocol';
import type { OrderedCandidate } from '../routing/index.js';

/** Pieces of a conversation's signed or encrypted reasoning that an endpoint cannot read, and does therefore not get. */
export function unreadable(sealed: readonly string[], endpoint: CatalogueEndpoint): number {
  if (sealed.length === 0) return 0;
  const protocol = endpointProtocol(endpoint);
  return sealed.filter((format) => protocol === null || !readsSealed(format, protocol, endpoint.provider)).length;
}

/**
 * Puts those first that can read the reasoning of the conversation, each model for itself and otherwise in the order in which they
 * were: a provider that lost its own thoughts in the middle of a loop of tools begins anew, or refuses. Others stay behind them: when
 * the maker is down the conversation goes on without its reasoning. An order that the client gives itself is kept.
 * @param sealed formats of that reasoning, one entry per piece
 */
export function withAffinity(
  request: CompletionRequest,
  sealed: readonly string[],
  candidates: readonly OrderedCandidate[],
): readonly OrderedCandidate[] {
  if (sealed.length === 0 || request.provider.order?.length) return candidates;
  const models = [...new Set(candidates.map(({ model }) => model.id))];
  const lost = new Map(candidates.map((candidate) => [candidate, unreadable(sealed, candidate.endpoint)]));
  // In one list of all models no model comes first.
  const place = ({ model }: OrderedCandidate): number =>
    request.provider.sortPartition === 'none' ? 0 : models.indexOf(model.id);
  return [...candidates].sort((a, b) => place(a) - place(b) || lost.get(a)! - lost.get(b)!);
}
