import type { PolicyOwner } from '@switchyard/contracts';
import type { PreparedEndpoint } from '../../catalogue/prepared-model.js';
import type { RequestedModel } from '../model-expression.js';
import type { ExclusionReason, RoutingInput } from '../routing.js';

/** One rule that may leave an endpoint out. A filter that has nothing to say about a request is not made for it. */
export interface Filter {
  readonly reason: ExclusionReason;
  /** Who settled it, where it was not the request. */
  readonly setBy?: PolicyOwner;
  keeps(endpoint: PreparedEndpoint, requested: RequestedModel): boolean;
}

/** Makes the filter for one request, or null when the request gives it nothing to do. */
export type FilterFactory = (input: RoutingInput) => Filter | null;
