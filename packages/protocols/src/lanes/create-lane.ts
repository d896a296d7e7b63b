import { dialectOf, protocolOf } from '../registry.js';
import type { Lane, LaneOptions } from '../types.js';
import { CanonicalLane } from './canonical-lane.js';

/**
 * Byte pass-through where client and upstream speak the same format, canonical events everywhere else; those as well where an answer may
 * be ended whose last event repeats what it had.
 */
export function createLane(options: LaneOptions): Lane {
  const dialect = dialectOf(options.dialect);
  const protocol = protocolOf(options.protocol);
  const { base = protocol.id, openFrame } = protocol.derivation ?? {};
  const isRepeated = options.mayStop === true && dialect.stopsInLane === true;
  return dialect.passThrough?.protocol === base && !isRepeated
    ? dialect.passThrough.createLane({ ...options, ...(openFrame && { openFrame }) })
    : new CanonicalLane(protocol, dialect, options);
}
