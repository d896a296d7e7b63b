import { Buffer } from 'node:buffer';
import { usageOf } from '@switchyard/contracts';
import type { CatalogueEndpoint, ProtocolId, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { FrameReader, frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { compact, countOf, recordOf, textOf } from '../json.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { bytesOfBase64 } from './media-types.js';
import type { SpeechRequest } from './speech-request.js';

/** Reads a provider's answer piece by piece: audio out, and what is said of it. */
export interface SpeechReader {
  push(bytes: Uint8Array): readonly Uint8Array[];
  /** The input is over. */
  end(): readonly Uint8Array[];
  /** The provider said that this is all; where it says nothing, the end of the answer does. */
  readonly complete: boolean;
  readonly usage: Usage | null;
  readonly failure: UpstreamFailure | null;
}

/** The wire format of speech at one kind of provider. */
export interface SpeechFormat {
  renderRequest(request: SpeechRequest, target: RenderTarget): UpstreamRequest;
  accepts(contentType: string | undefined, endpoint: CatalogueEndpoint): boolean;
  createReader(request: SpeechRequest, endpoint: CatalogueEndpoint): SpeechReader;
}

/** Where characters have no price the bill is in tokens, which only an answer in events tells. */
const isBilledByTokens = ({ price }: CatalogueEndpoint): boolean => price.character === undefined;

/**
 * OpenAI's `POST /audio/speech` (platform.openai.com/docs/api-reference/audio/createSpeech), which Groq and others speak, too. Its newer
 * models count tokens and tell them in the last event of `stream_format: sse`; `tts-1` knows no events and is billed by the character.
 */
const openai: SpeechFormat = {
  renderRequest: ({ input, voice, instructions, format, speed }, { endpoint }) => ({
    path: '/audio/speech',
    headers: { 'content-type': 'application/json' },
    body: compact({
      model: endpoint.upstreamModel,
      input,
      voice,
      instructions,
      response_format: format,
      speed,
      stream_format: isBilledByTokens(endpoint) ? 'sse' : undefined,
    }),
    dropped: [],
  }),
  accepts: (contentType, endpoint) =>
    contentType === undefined ||
    (isBilledByTokens(endpoint)
      ? /^text\/event-stream/i.test(contentType)
      : /^(?:audio\/|application\/octet-stream|binary\/)/i.test(contentType)),
  createReader: (request, endpoint) => (isBilledByTokens(endpoint) ? new EventReader() : new RawReader(request)),
};

/** Audio as it is. The bill follows from the text. */
class RawReader implements SpeechReader {
  readonly usage: Usage;
  readonly failure = null;
  complete = false;

  constructor({ characters }: SpeechRequest) {
    this.usage = usageOf({ source: 'reported', inputCharacters: characters, requests: 1 });
  }

  push(bytes: Uint8Array): readonly Uint8Array[] {
    return [bytes];
  }

  end(): readonly Uint8Array[] {
    this.complete = true;
    return [];
  }
}

/** Audio in events: `speech.audio.delta` with base64, and `speech.audio.done` with the usage. */
class EventReader implements SpeechReader {
  usage: Usage | null = null;
  complete = false;
  private broken: UpstreamFailure | null = null;
  private readonly frames = new FrameReader();

  get failure(): UpstreamFailure | null {
    return this.broken ?? this.frames.failure;
  }

  push(bytes: Uint8Array): readonly Uint8Array[] {
    return this.frames.push(bytes).flatMap((frame) => this.read(frame));
  }

  end(): readonly Uint8Array[] {
    return this.frames.end().flatMap((frame) => (frame.partial ? [] : this.read(frame)));
  }

  private read(frame: Frame): Uint8Array[] {
    const event = recordOf(frameJson(frame)?.value);
    if (isErrorValue(event)) this.broken = parseErrorValue(event, frameText(frame));
    if (event['type'] === 'speech.audio.done') {
      this.complete = true;
      this.usage = usageIn(event['usage']);
    }
    if (event['type'] !== 'speech.audio.delta' || this.failure) return [];
    const audio = bytesOfBase64(textOf(event['audio']) ?? '');
    if (!audio) this.broken = failureOf('upstream_invalid_response');
    return audio ? [audio] : [];
  }
}

function usageIn(value: unknown): Usage | null {
  const { input_tokens: input, output_tokens: output } = recordOf(value);
  const [inputTokens, audioOutputTokens] = [countOf(input), countOf(output)];
  if (inputTokens === undefined || audioOutputTokens === undefined) return null;
  return usageOf({ source: 'reported', inputTokens, audioOutputTokens, requests: 1 });
}

const BYTES_PER_TOKEN = 4;
/** Bytes that a second of speech takes at OpenAI, about: PCM exactly, the others as measured players show them. */
const BYTES_PER_SECOND = { pcm: 48_000, wav: 48_000, flac: 24_000, mp3: 20_000, aac: 16_000, opus: 8_000 } as const;
const AUDIO_TOKENS_PER_SECOND = 21;

/** What was used when so many bytes of audio had come, where nobody tells. */
export function speechEstimate(
  { format, characters, size }: SpeechRequest,
  endpoint: CatalogueEndpoint,
  audioBytes: number,
): Usage {
  if (!isBilledByTokens(endpoint)) return usageOf({ source: 'estimated', inputCharacters: characters, requests: 1 });
  return usageOf({
    source: 'estimated',
    inputTokens: Math.ceil(size.promptBytes / BYTES_PER_TOKEN),
    audioOutputTokens: Math.ceil((audioBytes * AUDIO_TOKENS_PER_SECOND) / BYTES_PER_SECOND[format]),
    requests: 1,
  });
}

export const SPEECH_FORMATS_BY_PROTOCOL: Readonly<Partial<Record<ProtocolId, SpeechFormat>>> = {
  'openai-chat': openai,
};

/** One buffer for pieces of one read. */
export const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
