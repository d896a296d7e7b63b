import { dialectOf, protocolOf } from '../registry.js';
import type { Lane, LaneOptions } from '../types.js';
import { CanonicalLane } from './canonical-lane.js';

/** Byte pass-through where client and upstream speak the same format, canonical events everywhere else. */
export function createLane(options: LaneOptions): Lane {
  const dialect = dialectOf(options.dialect);
  const protocol = protocolOf(options.protocol);
  const { base = protocol.id, openFrame } = protocol.derivation ?? {};
  return dialect.passThrough?.protocol === base
    ? dialect.passThrough.createLane({ ...options, ...(openFrame && { openFrame }) })
    : new CanonicalLane(protocol, dialect, options);
}
