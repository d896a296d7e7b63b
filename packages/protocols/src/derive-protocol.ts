import type { CompletionEvent, ProtocolId, Usage } from '@switchyard/contracts';
import type { Frame } from './frames/frame-reader.js';
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
  const createStreamReader = (provider?: string) => new OpeningReader(base.createStreamReader(provider), openFrame);
  return {
    ...derived,
    createStreamReader,
    parseStream: (chunks, provider) => readStream(chunks, createStreamReader(provider)),
  };
}

/** The same reader for events that lie in envelopes. */
class OpeningReader implements StreamReader {
  constructor(
    private readonly reader: StreamReader,
    private readonly openFrame: NonNullable<Derivation['openFrame']>,
  ) {}

  read(frame: Frame): CompletionEvent[] {
    return this.reader.read(this.openFrame(frame));
  }

  end(): CompletionEvent[] {
    return this.reader.end();
  }

  get terminal(): boolean {
    return this.reader.terminal;
  }

  get done(): boolean {
    return this.reader.done;
  }

  get partialUsage(): Usage | null {
    return this.reader.partialUsage;
  }
}
