import { GatewayError } from '@switchyard/contracts';
import { z } from 'zod';
import { invalid, parseBody } from '../dialects/common/fault.js';
import { routingFields, routingOf } from '../dialects/common/routing-fields.js';
import { optional } from '../dialects/common/schema-helpers.js';
import { mostSeconds } from './audio-length.js';
import type { JobBody, JobFile } from './job-body.js';
import { AUDIO_TYPES, bytesOfBase64 } from './media-types.js';
import { textBytes } from './text-bytes.js';
import type { JobRequest } from './types.js';

export const TRANSCRIPTION_FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt'] as const;
export type TranscriptionFormatName = (typeof TRANSCRIPTION_FORMATS)[number];

export interface TranscriptionRequest extends JobRequest {
  readonly job: 'transcription';
  readonly audio: Uint8Array;
  /** Ending of a file name: what the recording is. */
  readonly audioFormat: string;
  readonly language?: string;
  readonly prompt?: string;
  readonly temperature?: number;
  readonly format: TranscriptionFormatName;
  readonly granularities: readonly ('word' | 'segment')[];
}

/** What OpenAI hears at once (platform.openai.com/docs/guides/speech-to-text); a form is refused at the edge beyond it. */
export const MAX_AUDIO_BYTES = 25 * 1024 * 1024;
const MAX_PROMPT_CHARACTERS = 32_768;

const transcriptionRequest = z.looseObject({
  ...routingFields,
  input_audio: optional(z.looseObject({ data: z.string().min(1), format: z.string().regex(/^[A-Za-z0-9]{1,8}$/) })),
  language: optional(z.string().regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?$/, 'expected a language code like "en"')),
  prompt: optional(z.string().max(MAX_PROMPT_CHARACTERS)),
  temperature: optional(z.number().min(0).max(2)),
  response_format: optional(z.enum(TRANSCRIPTION_FORMATS)),
  timestamp_granularities: optional(z.array(z.enum(['word', 'segment'])).max(2)),
  stream: optional(z.boolean()),
  user: optional(z.string()),
});

/**
 * Reads `POST /audio/transcriptions` (spec, table of routes): a form with `file`, or JSON with `input_audio`. `null` means absent.
 * @throws GatewayError `invalid_request` that names the place of the fault, `payload_too_large`, `unsupported_parameter`
 */
export function parseTranscription({ json, files }: JobBody): TranscriptionRequest {
  const { request } = parseBody(transcriptionRequest, json);
  if (request.stream) throw unsupported('stream', 'A transcription is answered in one piece.');
  const { models, provider, sessionId } = routingOf(request);
  const { bytes, format: audioFormat } = audioOf(files, request.input_audio ?? null);
  const { language, prompt, temperature, user } = request;
  const format = request.response_format ?? 'json';
  const granularities = request.timestamp_granularities ?? [];
  const promptBytes = textBytes(prompt ?? '');
  const isTimed = format !== 'json' && format !== 'text';
  return {
    job: 'transcription',
    models,
    provider,
    ...(sessionId && { sessionId }),
    ...(user && { user }),
    parameters: [
      ...(temperature === undefined || temperature === null ? [] : ['temperature']),
      ...(isTimed ? TIMED : []),
    ],
    needs: isTimed ? TIMED : [],
    inputModalities: ['audio'],
    audio: bytes,
    audioFormat,
    ...(language && { language }),
    ...(prompt && { prompt }),
    ...(typeof temperature === 'number' && { temperature }),
    format,
    granularities,
    size: {
      promptBytes,
      texts: 1,
      largestBytes: promptBytes,
      requests: 1,
      pieces: { seconds: mostSeconds(bytes, audioFormat) },
      outputTokens: null,
    },
  };
}

/** Subtitles are made of segments, and those have times. */
const TIMED = ['timestamp_granularities'];

interface Audio {
  readonly bytes: Uint8Array;
  readonly format: string;
}

function audioOf(files: readonly JobFile[], input: { data: string; format: string } | null): Audio {
  const file = files.find(({ field }) => field === 'file');
  if (!file && !input)
    throw invalid('file', 'file: expected a recording, as the file of a form or as input_audio in JSON');
  if (file) return sized({ bytes: file.bytes, format: formatOf(file) }, 'file');
  const bytes = bytesOfBase64(input!.data);
  if (!bytes) throw invalid('input_audio.data', 'input_audio.data: expected base64 without a prefix');
  return sized({ bytes, format: input!.format.toLowerCase() }, 'input_audio.data');
}

function sized(audio: Audio, path: string): Audio {
  if (audio.bytes.byteLength === 0) throw invalid(path, `${path}: the recording is empty`);
  if (audio.bytes.byteLength > MAX_AUDIO_BYTES)
    throw new GatewayError('payload_too_large', {
      message: `${path}: a recording may have at most ${MAX_AUDIO_BYTES} bytes.`,
    });
  return audio;
}

/** By the ending of its name, else by its media type: providers look at the name alone. */
function formatOf({ filename, contentType }: JobFile): string {
  const ending = /\.([A-Za-z0-9]{1,8})$/.exec(filename)?.[1]?.toLowerCase();
  if (ending) return ending;
  const [type = ''] = contentType.split(';', 1);
  const known = Object.entries(AUDIO_TYPES).find(([, each]) => each === type)?.[0];
  if (known) return known;
  throw invalid('file', 'file: expected a name that ends in its format, like "speech.mp3"');
}

const unsupported = (parameter: string, message: string): GatewayError =>
  new GatewayError('unsupported_parameter', { message, metadata: { parameters: [parameter] } });
