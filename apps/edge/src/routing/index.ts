export type {
  ExclusionReason,
  OrderedCandidate,
  PlaceReason,
  Routing,
  RoutingFacts,
  RoutingInput,
  Verdict,
} from './routing.js';
export { route } from './route.js';
export { RoutingModule } from './routing.module.js';
export { RoutingService } from './routing.service.js';
