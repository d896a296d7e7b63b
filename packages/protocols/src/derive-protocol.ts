import type { ProtocolId } from '@switchyard/contracts';
import { readStream } from './frames/read-stream.js';
import type { Derivation, Protocol, StreamReader } from './types.js';

/**
 * A protocol whose answers and errors are those of another; only its requests are adapted, and perhaps each event of a stream lies
 * in an envelope.
 */
export function deriveProtocol(
  id: ProtocolId,
  base: Protocol,
  adapt: Derivation['adapt'],
  openFrame?: Derivation['openFrame'],
): Protocol {
  const derived: Protocol = {
    ...base,
    id,
    renderRequest: (request, target) => adapt(base.renderRequest(request, target), request, target),
    derivation: { base: base.id, adapt, ...(openFrame && { openFrame }) },
  };
  if (!openFrame) return derived;
  const createStreamReader = (provider?: string) => opening(base.createStreamReader(provider), openFrame);
  return {
    ...derived,
    createStreamReader,
    parseStream: (chunks, provider) => readStream(chunks, createStreamReader(provider)),
  };
}

/** The same reader for events that lie in envelopes. */
const opening = (reader: StreamReader, openFrame: NonNullable<Derivation['openFrame']>): StreamReader => ({
  read: (frame) => reader.read(openFrame(frame)),
  end: () => reader.end(),
  get terminal() {
    return reader.terminal;
  },
  get done() {
    return reader.done;
  },
  get partialUsage() {
    return reader.partialUsage;
  },
});
