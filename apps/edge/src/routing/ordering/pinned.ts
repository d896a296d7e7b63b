import type { Pin } from '../routing.js';
import { isDown } from './place.js';
import type { Placed } from './place.js';

/** Puts the endpoint first where the conversation was served last; one that is down, or may not serve, is no longer its place. */
export function pinnedFirst(placed: readonly Placed[], pin: Pin | null): readonly Placed[] {
  if (!pin) return placed;
  const pinned = placed.find(
    (one) => one.prepared.endpoint.id === pin.endpointId && one.prepared.model.id === pin.modelId && !isDown(one),
  );
  if (!pinned) return placed;
  return [{ ...pinned, reason: 'sticky' }, ...placed.filter((one) => one !== pinned)];
}
