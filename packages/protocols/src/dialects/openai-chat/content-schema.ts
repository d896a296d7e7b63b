import { z } from 'zod';
import type { CacheControl, ContentPart, MediaSource, TextPart } from '@switchyard/contracts';
import { base64SourceOf } from '../../media.js';
import { cacheControl } from '../common/cache-control.js';
import { MAX_NAME_LENGTH, MAX_PARTS, optional, present } from '../common/schema-helpers.js';

const cacheHints = { cache_control: optional(cacheControl), prompt_cache_breakpoint: optional(z.unknown()) };
const cacheOf = (part: { cache_control?: CacheControl | null | undefined; prompt_cache_breakpoint?: unknown }) =>
  part.cache_control ?? (part.prompt_cache_breakpoint ? {} : undefined);

/** A web address or a base64 data URL; nothing else may make a provider fetch for our caller. */
const mediaUrl = z.string().transform((url, context): MediaSource => {
  if (url.startsWith('https://') || url.startsWith('http://')) return { kind: 'url', url };
  const source = base64SourceOf(url);
  if (source) return source;
  context.addIssue({ code: 'custom', message: 'expected an http(s) URL or a base64 data URL' });
  return z.NEVER;
});

const text = z
  .looseObject({ type: z.literal('text'), text: z.string(), ...cacheHints })
  .transform((part) => present({ type: 'text', text: part.text, cacheControl: cacheOf(part) }) as unknown as TextPart);

const image = z
  .looseObject({
    type: z.literal('image_url'),
    image_url: z.looseObject({ url: mediaUrl, detail: optional(z.string().max(32)) }),
    ...cacheHints,
  })
  .transform(
    (part) =>
      present({
        type: 'image',
        source: part.image_url.url,
        detail: part.image_url.detail,
        cacheControl: cacheOf(part),
      }) as unknown as ContentPart,
  );

const audio = z
  .looseObject({
    type: z.literal('input_audio'),
    input_audio: z.looseObject({ data: z.string(), format: z.string().min(1).max(32) }),
  })
  .transform(({ input_audio: { data, format } }): ContentPart => ({ type: 'audio', data, format }));

const video = z
  .looseObject({ type: z.enum(['video_url', 'input_video']), video_url: z.looseObject({ url: mediaUrl }) })
  .transform((part): ContentPart => ({ type: 'video', source: part.video_url.url }));

const file = z
  .looseObject({
    type: z.literal('file'),
    file: z
      .looseObject({
        file_data: optional(mediaUrl),
        file_id: optional(z.string().max(MAX_NAME_LENGTH)),
        filename: optional(z.string().max(1024)),
      })
      .refine((value) => value.file_data ?? value.file_id, 'expected file_data or file_id'),
    ...cacheHints,
  })
  .transform(
    (part) =>
      present({
        type: 'file',
        source: part.file.file_data ?? { kind: 'id', id: part.file.file_id! },
        filename: part.file.filename,
        cacheControl: cacheOf(part),
      }) as unknown as ContentPart,
  );

const asText = (value: string): readonly TextPart[] => [{ type: 'text', text: value }];

export const textContent = z.union([z.string().transform(asText), z.array(text).max(MAX_PARTS)]);

/** Chosen by the type of the value and of each part, so that a fault is reported where it is. */
export const partContent = z.union([
  z.string().transform(asText),
  z.array(z.discriminatedUnion('type', [text, image, audio, video, file])).max(MAX_PARTS),
]);
