import { protocolOf } from '../registry.js';
import type { Lane, LaneOptions } from '../types.js';
import { CanonicalLane } from './canonical-lane.js';
import { PassThroughLane } from './pass-through-lane.js';

/** Byte pass-through where client and upstream speak the same format, canonical events everywhere else. */
export const createLane = (options: LaneOptions): Lane =>
  options.dialect === options.protocol
    ? new PassThroughLane(options)
    : new CanonicalLane(protocolOf(options.protocol), options);
