import { GatewayError } from '@switchyard/contracts';
import { z } from 'zod';
import { parseBody } from '../dialects/common/fault.js';
import { routingFields, routingOf } from '../dialects/common/routing-fields.js';
import { optional } from '../dialects/common/schema-helpers.js';
import { textBytes } from './text-bytes.js';
import type { JobRequest } from './types.js';

export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type SpeechFormatName = (typeof SPEECH_FORMATS)[number];

export interface SpeechRequest extends JobRequest {
  readonly job: 'speech';
  readonly input: string;
  readonly voice?: string | { readonly id: string };
  readonly instructions?: string;
  readonly format: SpeechFormatName;
  readonly speed?: number;
  readonly characters: number;
}

/** Far above what any provider reads aloud at once (OpenAI: 4,096 characters). */
const MAX_INPUT_CHARACTERS = 32_768;

const speechRequest = z.looseObject({
  ...routingFields,
  input: z.string().min(1).max(MAX_INPUT_CHARACTERS),
  voice: optional(z.union([z.string().min(1).max(256), z.looseObject({ id: z.string().min(1).max(256) })])),
  instructions: optional(z.string().max(MAX_INPUT_CHARACTERS)),
  response_format: optional(z.enum(SPEECH_FORMATS)),
  speed: optional(z.number().min(0.25).max(4)),
  stream_format: optional(z.enum(['audio', 'sse'])),
  user: optional(z.string()),
});

/**
 * Audio tokens of speech: OpenAI's estimate is 1,250 a minute ($0.015 at $12 per million). No text is spoken so slowly that a byte of
 * it takes half a second.
 */
const MOST_TOKENS_PER_BYTE = 10;
const SILENCE_TOKENS = 250;

/**
 * Reads the body of `POST /audio/speech` (spec, table of routes), where `pcm` is the default. `null` means absent.
 * @throws GatewayError `invalid_request` that names the place of the fault; `unsupported_parameter` for voices by example and events
 */
export function parseSpeech(value: unknown): SpeechRequest {
  const { request, body } = parseBody(speechRequest, value);
  if ((body['input_references'] ?? null) !== null)
    throw unsupported('input_references', 'Voices by example are not served here.');
  if (request.stream_format === 'sse') throw unsupported('stream_format', 'Speech is sent as audio, not as events.');
  const { models, provider, sessionId } = routingOf(request);
  const { input, voice, instructions, speed, user, response_format: format } = request;
  const promptBytes = textBytes(input) + textBytes(instructions ?? '');
  const characters = charactersIn(input);
  return {
    job: 'speech',
    models,
    provider,
    ...(sessionId && { sessionId }),
    ...(user && { user }),
    parameters: [...(instructions ? ['instructions'] : []), ...(speed ? ['speed'] : [])],
    streamed: true,
    input,
    ...(voice && { voice: typeof voice === 'string' ? voice : { id: voice.id } }),
    ...(instructions && { instructions }),
    format: format ?? 'pcm',
    ...(speed && { speed }),
    characters,
    size: {
      promptBytes,
      texts: 1,
      largestBytes: promptBytes,
      requests: 1,
      pieces: { characters },
      outputTokens: textBytes(input) * MOST_TOKENS_PER_BYTE + SILENCE_TOKENS,
    },
  };
}

/** Unicode characters: what takes two units in a string is one of them. */
function charactersIn(text: string): number {
  let characters = 0;
  for (const _ of text) characters += 1;
  return characters;
}

const unsupported = (parameter: string, message: string): GatewayError =>
  new GatewayError('unsupported_parameter', { message, metadata: { parameters: [parameter] } });
