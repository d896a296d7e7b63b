export type {
  ExclusionReason,
  OrderedCandidate,
  PlaceReason,
  Routing,
  RoutingFacts,
  RoutingInput,
  Verdict,
} from './routing.js';
