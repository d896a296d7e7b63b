import { dialectOf, protocolOf } from '../registry.js';
import type { Lane, LaneOptions } from '../types.js';
import { CanonicalLane } from './canonical-lane.js';

/** Byte pass-through where client and upstream speak the same format, canonical events everywhere else. */
export function createLane(options: LaneOptions): Lane {
  const dialect = dialectOf(options.dialect);
  const protocol = protocolOf(options.protocol);
  return dialect.passThrough?.protocol === (protocol.derivation?.base ?? options.protocol)
    ? dialect.passThrough.createLane(options)
    : new CanonicalLane(protocol, dialect, options);
}
