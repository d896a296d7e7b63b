import { usageOf } from '@switchyard/contracts';
import type { CatalogueEndpoint, ProtocolId, Usage } from '@switchyard/contracts';
import { compact, countOf, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { UpstreamFile, UpstreamRequest } from '../types.js';
import { usualSeconds } from './audio-length.js';
import { AUDIO_TYPES } from './media-types.js';
import type { TranscriptionRequest } from './transcription-request.js';
import type { JobFormat } from './types.js';

/** What was heard: the members of `verbose_json` as far as the provider gave them. */
export interface Transcript {
  readonly text: string;
  readonly task?: string;
  readonly language?: string;
  readonly duration?: number;
  readonly segments?: readonly JsonRecord[];
  readonly words?: readonly JsonRecord[];
}

export type TranscriptionFormat = JobFormat<TranscriptionRequest, Transcript>;

const TIMES = 'timestamp_granularities';
const isTimed = ({ format }: TranscriptionRequest): boolean => format !== 'json' && format !== 'text';

/** A recording without the name that its owner gave it: the ending tells providers what it is. */
const fileOf = ({ audio, audioFormat }: TranscriptionRequest): UpstreamFile => ({
  field: 'file',
  filename: `audio.${audioFormat}`,
  contentType: AUDIO_TYPES[audioFormat] ?? 'application/octet-stream',
  bytes: audio,
});

/** The form as all of them take it, with the fields that are its own provider's. */
const formOf = (request: TranscriptionRequest, endpoint: CatalogueEndpoint, fields: JsonRecord): UpstreamRequest => ({
  path: '/audio/transcriptions',
  headers: {},
  body: compact({
    model: endpoint.upstreamModel,
    language: request.language,
    temperature: request.temperature,
    ...fields,
  }),
  files: [fileOf(request)],
  dropped: [],
});

/** Subtitles need segments; else the client's own wish. */
function timesOf(request: TranscriptionRequest): readonly string[] | undefined {
  if (request.format === 'srt' || request.format === 'vtt') return ['segment'];
  return isTimed(request) && request.granularities.length > 0 ? request.granularities : undefined;
}

/**
 * OpenAI's form (platform.openai.com/docs/api-reference/audio/createTranscription), which Groq and others speak, too. Asked for is what
 * tells the most: only JSON carries what is billed, so texts and subtitles are written here.
 */
const openai: TranscriptionFormat = {
  renderRequest: (request, { endpoint }) =>
    formOf(request, endpoint, {
      prompt: request.prompt,
      response_format: endpoint.supportedParameters.includes(TIMES) ? 'verbose_json' : 'json',
      [TIMES]: timesOf(request),
    }),
  parseResponse: parseTranscript,
};

/** Mistral's form knows neither `response_format` nor `prompt` (docs.mistral.ai/api, audio transcriptions). */
const mistral: TranscriptionFormat = {
  renderRequest: (request, { endpoint }) => ({
    ...formOf(request, endpoint, { [TIMES]: isTimed(request) ? (timesOf(request) ?? ['segment']) : undefined }),
    dropped: request.prompt === undefined ? [] : ['prompt'],
  }),
  parseResponse: parseTranscript,
};

function parseTranscript(body: unknown, request: TranscriptionRequest) {
  const answer = recordOf(body);
  const text = textOf(answer['text']);
  if (text === undefined || (isTimed(request) && !Array.isArray(answer['segments']) && !Array.isArray(answer['words'])))
    return null;
  const seconds = lengthOf(answer['duration']);
  const [segments, words] = [answer['segments'], answer['words']];
  const content: Transcript = {
    text,
    ...compact({ task: textOf(answer['task']), language: textOf(answer['language']), duration: seconds }),
    ...(Array.isArray(segments) && { segments: recordsOf(segments) }),
    ...(Array.isArray(words) && { words: recordsOf(words) }),
  };
  const upstreamId = textOf(answer['id']) ?? textOf(recordOf(answer['x_groq'])['id']) ?? null;
  return { content, usage: usageIn(recordOf(answer['usage']), seconds), upstreamId };
}

/**
 * `usage` is in seconds or in tokens (OpenAI), in both (Mistral), or not there: then the length of a verbose answer is billed
 * (Groq). Seconds that have begun count.
 */
function usageIn(usage: JsonRecord, duration: number | undefined): Usage | null {
  const seconds = lengthOf(usage['seconds']) ?? lengthOf(usage['prompt_audio_seconds']) ?? duration;
  const input = countOf(usage['input_tokens']) ?? countOf(usage['prompt_tokens']);
  const output = countOf(usage['output_tokens']) ?? countOf(usage['completion_tokens']);
  if (seconds === undefined && input === undefined) return null;
  const details = recordOf(usage['input_token_details'] ?? usage['input_tokens_details']);
  const text = Math.min(countOf(details['text_tokens']) ?? 0, input ?? 0);
  return usageOf({
    source: 'reported',
    inputTokens: text,
    audioInputTokens: (input ?? 0) - text,
    outputTokens: output ?? 0,
    ...(seconds !== undefined && { inputSeconds: Math.ceil(seconds) }),
    requests: 1,
  });
}

const lengthOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e7 ? value : undefined;

/** Providers that bill more than the recording is long: Groq at least ten seconds (console.groq.com/docs/speech-to-text, read 2026-11-22). */
const LEAST_SECONDS: Readonly<Record<string, number>> = { groq: 10 };

/** The usage as its provider bills it. */
export function billedUsage(usage: Usage, { provider }: CatalogueEndpoint): Usage {
  const least = LEAST_SECONDS[provider] ?? 0;
  const { inputSeconds } = usage;
  return inputSeconds === undefined || inputSeconds >= least ? usage : { ...usage, inputSeconds: least };
}

const AUDIO_TOKENS_PER_SECOND = 10;
const OUTPUT_TOKENS_PER_SECOND = 4;

/** About what it uses, where nobody tells: by the length of the recording. */
export function transcriptionEstimate({ audio }: TranscriptionRequest): Usage {
  const seconds = usualSeconds(audio);
  return usageOf({
    source: 'estimated',
    audioInputTokens: seconds * AUDIO_TOKENS_PER_SECOND,
    outputTokens: seconds * OUTPUT_TOKENS_PER_SECOND,
    inputSeconds: seconds,
    requests: 1,
  });
}

export const TRANSCRIPTION_FORMATS_BY_PROTOCOL: Readonly<Partial<Record<ProtocolId, TranscriptionFormat>>> = {
  'openai-chat': openai,
  mistral,
};
