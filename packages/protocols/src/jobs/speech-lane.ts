import { GatewayError } from '@switchyard/contracts';
import type { CatalogueEndpoint, UpstreamFailure } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import type { Lane, LaneSummary } from '../types.js';
import { NOTHING_SAID } from './job-lane.js';
import { AUDIO_TYPES } from './media-types.js';
import { joined, speechEstimate } from './speech-formats.js';
import type { SpeechFormat } from './speech-formats.js';
import type { SpeechRequest } from './speech-request.js';

const NOTHING = new Uint8Array(0);

/** Carries audio to its client as it is made. Bytes have no room for a bill: that is in the record of the generation. */
export class SpeechLane implements Lane {
  readonly contentType: string;
  private audioBytes = 0;
  private ended = false;
  private readonly reader;

  constructor(
    private readonly format: SpeechFormat,
    private readonly request: SpeechRequest,
    private readonly endpoint: CatalogueEndpoint,
  ) {
    this.contentType = AUDIO_TYPES[request.format] ?? 'application/octet-stream';
    this.reader = format.createReader(request, endpoint);
  }

  accepts(contentType: string | undefined): boolean {
    return this.format.accepts(contentType, this.endpoint);
  }

  push(bytes: Uint8Array): Uint8Array | null {
    return this.counted(this.reader.push(bytes));
  }

  get done(): boolean {
    return this.reader.complete || this.reader.failure !== null;
  }

  finish(): Uint8Array | null {
    const rest = this.reader.complete ? null : this.counted(this.reader.end());
    this.ended = true;
    return rest;
  }

  get summary(): LaneSummary {
    const { audioBytes, endpoint, request, reader } = this;
    const done = this.ended && reader.complete && audioBytes > 0;
    const ending = done ? ({ finishReason: 'stop', nativeFinishReason: 'stop', terminal: true } as const) : {};
    const usage = done ? reader.usage : null;
    const partialUsage = speechEstimate(request, endpoint, audioBytes);
    return { ...NOTHING_SAID, ...ending, usage, failure: this.failure, partialUsage };
  }

  renderEnd(): Uint8Array {
    return NOTHING;
  }

  response(): void {
    throw new GatewayError('internal', { message: 'Speech is streamed.' });
  }

  renderResponse(): Uint8Array {
    throw new GatewayError('internal', { message: 'Speech is streamed.' });
  }

  /** An answer without any audio is none. */
  private get failure(): UpstreamFailure | null {
    if (this.reader.failure) return this.reader.failure;
    return this.ended && this.audioBytes === 0 ? failureOf('upstream_invalid_response') : null;
  }

  private counted(pieces: readonly Uint8Array[]): Uint8Array | null {
    if (pieces.length === 0) return null;
    const bytes = joined(pieces);
    this.audioBytes += bytes.byteLength;
    return bytes;
  }
}
