import type { ContentPart, MediaSource, TextPart } from '@switchyard/contracts';
import { z } from 'zod';
import { base64SourceOf } from '../../media.js';
import { MAX_NAME_LENGTH, MAX_PARTS, optional, present } from '../common/schema-helpers.js';

/** A web address or a base64 data URL; nothing else may make a provider fetch for our caller. */
const mediaUrl = z.string().transform((url, context): MediaSource => {
  if (url.startsWith('https://') || url.startsWith('http://')) return { kind: 'url', url };
  const source = base64SourceOf(url);
  if (source) return source;
  context.addIssue({ code: 'custom', message: 'expected an http(s) URL or a base64 data URL' });
  return z.NEVER;
});
const fileId = optional(z.string().max(MAX_NAME_LENGTH));
const part = (fields: object): ContentPart => present({ ...fields }) as unknown as ContentPart;

const text = z
  .looseObject({ type: z.enum(['input_text', 'output_text', 'text', 'summary_text']), text: z.string() })
  .transform((value): ContentPart => ({ type: 'text', text: value.text }));

const refusal = z
  .looseObject({ type: z.literal('refusal'), refusal: z.string() })
  .transform((value) => ({ type: 'refusal' as const, text: value.refusal }));

const image = z
  .looseObject({
    type: z.literal('input_image'),
    image_url: optional(mediaUrl),
    file_id: fileId,
    detail: optional(z.string().max(32)),
  })
  .refine((value) => value.image_url ?? value.file_id, 'expected image_url or file_id')
  .transform(({ image_url: url, file_id: id, detail }) =>
    part({ type: 'image', source: url ?? { kind: 'id', id: id! }, detail }),
  );

const file = z
  .looseObject({
    type: z.literal('input_file'),
    file_data: optional(mediaUrl),
    file_url: optional(mediaUrl),
    file_id: fileId,
    filename: optional(z.string().max(1024)),
  })
  .refine((value) => value.file_data ?? value.file_url ?? value.file_id, 'expected file_data, file_url or file_id')
  .transform(({ file_data: data, file_url: url, file_id: id, filename }) =>
    part({ type: 'file', source: data ?? url ?? { kind: 'id', id: id! }, filename }),
  );

const audio = z
  .looseObject({
    type: z.literal('input_audio'),
    input_audio: z.looseObject({ data: z.string(), format: z.string().min(1).max(32) }),
  })
  .transform(({ input_audio: { data, format } }): ContentPart => ({ type: 'audio', data, format }));

const asText = (value: string): [TextPart] => [{ type: 'text', text: value }];

export type MessagePart = ContentPart | { readonly type: 'refusal'; readonly text: string };
const messageContent = z.union([
  z.string().transform((value): MessagePart[] => asText(value)),
  z.array(z.discriminatedUnion('type', [text, refusal, image, file, audio])).max(MAX_PARTS),
]);

const name = z.string().min(1).max(MAX_NAME_LENGTH);

const message = z
  .looseObject({
    type: optional(z.literal('message')),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: messageContent,
  })
  .transform(({ role, content }) => ({ kind: 'message' as const, role, content }));

const functionCall = z
  .looseObject({ type: z.literal('function_call'), call_id: name, name, arguments: z.string() })
  .transform((item) => ({
    kind: 'call' as const,
    call: { id: item.call_id, name: item.name, arguments: item.arguments },
  }));

const functionOutput = z
  .looseObject({
    type: z.literal('function_call_output'),
    call_id: name,
    output: z.union([
      z.string().transform((value): ContentPart[] => asText(value)),
      z.array(z.discriminatedUnion('type', [text, image, file, audio])).max(MAX_PARTS),
    ]),
  })
  .transform((item) => ({ kind: 'output' as const, callId: item.call_id, content: item.output }));

const summaryText = z.looseObject({ type: z.string().max(32), text: z.string() });

const reasoning = z
  .looseObject({
    type: z.literal('reasoning'),
    id: optional(z.string().max(MAX_NAME_LENGTH)),
    summary: optional(z.array(summaryText).max(MAX_PARTS)),
    content: optional(z.array(summaryText).max(MAX_PARTS)),
    encrypted_content: optional(z.string()),
  })
  .transform((item) => ({
    kind: 'reasoning' as const,
    id: item.id ?? undefined,
    summary: (item.summary ?? []).map((entry) => entry.text),
    content: (item.content ?? []).map((entry) => entry.text),
    encrypted: item.encrypted_content ?? undefined,
  }));
export type ReasoningItem = z.output<typeof reasoning>;

const KNOWN = { message, function_call: functionCall, function_call_output: functionOutput, reasoning } as const;

/** Items of OpenAI's own tools: they mean nothing to others, and pass where the format stays the same. */
export const isHosted = (type: string): boolean =>
  /^(?:web_search|file_search|computer|code_interpreter|image_generation|local_shell|shell|apply_patch|mcp|custom_tool|tool_search|compaction)/.test(
    type,
  );

export type InputItem =
  | z.output<typeof message>
  | z.output<typeof functionCall>
  | z.output<typeof functionOutput>
  | ReasoningItem
  | { readonly kind: 'hosted' };

const item = z.unknown().transform((value, context): InputItem => {
  const type = (value as { type?: unknown } | null)?.type;
  if (typeof type === 'string' && isHosted(type)) return { kind: 'hosted' };
  const schema = type === undefined ? message : KNOWN[type as keyof typeof KNOWN];
  if (!schema) {
    const why = type === 'item_reference' ? 'nothing is stored: send the item itself' : 'no known type of item';
    context.addIssue({ code: 'custom', message: why, path: ['type'] });
    return z.NEVER;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as never);
  return z.NEVER;
});

const MAX_ITEMS = 10_000;

export const input = z.union([
  z.string().transform((value): InputItem[] => [{ kind: 'message', role: 'user', content: asText(value) }]),
  z.array(item).min(1).max(MAX_ITEMS),
]);
