import type { ContentPart, MediaSource } from '@switchyard/contracts';
import { z } from 'zod';
import { MAX_NAME_LENGTH, MAX_PARTS, optional } from '../common/schema-helpers.js';
import { camelKeys } from './keys.js';

const jsonObject = z.record(z.string(), z.unknown());
const name = z.string().min(1).max(MAX_NAME_LENGTH);

const blob = z.preprocess(camelKeys, z.looseObject({ mimeType: z.string().min(1).max(128), data: z.string() }));
const fileData = z.preprocess(
  camelKeys,
  z.looseObject({ mimeType: optional(z.string().max(128)), fileUri: z.string().min(1).max(8192) }),
);

/** One part of a turn (ai.google.dev/api/caching#Part). What none of the fields describes is left to upstreams of the same format. */
export const part = z.preprocess(
  camelKeys,
  z.looseObject({
    text: optional(z.string()),
    thought: optional(z.boolean()),
    thoughtSignature: optional(z.string()),
    inlineData: optional(blob),
    fileData: optional(fileData),
    functionCall: optional(
      z.looseObject({ id: optional(z.string().max(MAX_NAME_LENGTH)), name, args: optional(jsonObject) }),
    ),
    functionResponse: optional(
      z.looseObject({ id: optional(z.string().max(MAX_NAME_LENGTH)), name, response: optional(jsonObject) }),
    ),
  }),
);
export type WirePart = z.output<typeof part>;

const parts = z.union([
  z.array(part).max(MAX_PARTS),
  // A single part may stand without its list.
  part.transform((single): WirePart[] => [single]),
]);

export const content = z.looseObject({
  role: optional(z.enum(['user', 'model', 'function', 'system'], 'expected user or model')),
  parts: optional(parts),
});

const asText = (text: string): { parts: WirePart[] } => ({ parts: [{ text }] });
/** Google's clients write instructions as a text, a part, or a content. */
export const instruction = z.union([
  z.string().transform(asText),
  content,
  part.transform((single) => ({ parts: [single] })),
]);

/** The media or text of a part; null for calls, results and thoughts, and for what is Google's alone. */
export function contentOf(value: WirePart): ContentPart | null {
  if (value.inlineData) {
    const { mimeType, data } = value.inlineData;
    if (mimeType.startsWith('audio/')) return { type: 'audio', data, format: mimeType.slice('audio/'.length) };
    return mediaPart(mimeType, { kind: 'base64', mediaType: mimeType, data });
  }
  if (value.fileData) {
    const { mimeType, fileUri } = value.fileData;
    const source: MediaSource = /^https?:\/\//.test(fileUri)
      ? { kind: 'url', url: fileUri }
      : { kind: 'id', id: fileUri };
    return mediaPart(mimeType ?? '', source);
  }
  return typeof value.text === 'string' && value.thought !== true ? { type: 'text', text: value.text } : null;
}

function mediaPart(mimeType: string, source: MediaSource): ContentPart {
  if (mimeType.startsWith('image/')) return { type: 'image', source };
  return mimeType.startsWith('video/') ? { type: 'video', source } : { type: 'file', source };
}
