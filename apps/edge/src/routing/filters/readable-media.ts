import { canCarry, mediaIn } from '@switchyard/protocols';
import { endpointProtocol } from '@switchyard/providers/endpoint-protocol';
import type { FilterFactory } from './filter.js';

/** Every piece of media must have a place in the format of the provider: what it cannot carry it would refuse, or not see. */
export const readableMedia: FilterFactory = ({ request }) => {
  const pieces = mediaIn(request);
  if (pieces.length === 0) return null;
  return {
    reason: 'media_form',
    keeps: ({ endpoint }) => {
      const protocol = endpointProtocol(endpoint);
      return protocol === null || pieces.every((piece) => canCarry(protocol, piece));
    },
  };
};
