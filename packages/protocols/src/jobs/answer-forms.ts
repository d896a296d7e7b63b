import { recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { srtOf, vttOf } from './captions.js';
import type { ImageRequest } from './image-request.js';
import type { TranscriptionRequest } from './transcription-request.js';
import type { AnswerForm } from './types.js';

/** Texts and subtitles have no room for a bill: it is in the record of the generation. */
export function transcriptForm({ format, granularities }: TranscriptionRequest): AnswerForm | undefined {
  if (format === 'verbose_json') return json((members) => (wantsSegments(granularities) ? members : without(members)));
  // The provider may have told more than was asked for.
  if (format === 'json') return json(({ text, usage, id, model, provider }) => ({ text, usage, id, model, provider }));
  return { contentType: 'text/plain; charset=utf-8', write: (members) => TEXTS[format](members) };
}

/** Segments are what comes without a wish. */
const wantsSegments = (granularities: TranscriptionRequest['granularities']): boolean =>
  granularities.length === 0 || granularities.includes('segment');

const without = (members: JsonRecord): JsonRecord => ({ ...members, segments: undefined });

const TEXTS: Readonly<Record<'text' | 'srt' | 'vtt', (members: JsonRecord) => string>> = {
  text: ({ text }) => `${textOf(text) ?? ''}\n`,
  srt: ({ segments }) => srtOf(recordsOf(segments)),
  vtt: ({ segments }) => vttOf(recordsOf(segments)),
};

const json = (members: (whole: JsonRecord) => JsonRecord): AnswerForm => ({
  contentType: 'application/json',
  write: (whole) => JSON.stringify(members(whole)),
});

/** A client that reads events gets the finished images as such, the usage with the last (spec, `ImageStreamingResponse`). */
export function imageForm({ events }: ImageRequest): AnswerForm | undefined {
  if (!events) return undefined;
  return {
    contentType: 'text/event-stream; charset=utf-8',
    write: ({ data, created, usage }) => {
      const images = recordsOf(data);
      const sent = images.map((image, index) => ({
        type: 'image_generation.completed',
        ...image,
        created,
        created_at: created,
        ...(index === images.length - 1 && { usage }),
      }));
      return `${sent.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;
    },
  };
}
