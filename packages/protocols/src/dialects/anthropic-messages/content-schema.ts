import type { ContentPart, MediaSource, ReasoningDetail, TextPart, ToolCall } from '@switchyard/contracts';
import { z } from 'zod';
import { CLAUDE_REASONING } from '../../anthropic-messages/wire.js';
import { cacheControl } from '../common/cache-control.js';
import { detailOf } from '../common/reasoning-tag.js';
import { MAX_NAME_LENGTH, MAX_PARTS, optional, present } from '../common/schema-helpers.js';

const MAX_NESTING = 2;

/** A web address; nothing else may make a provider fetch for our caller. */
const webUrl = z.string().refine((url) => /^https?:\/\//.test(url), 'expected an http(s) URL');

const source = z
  .discriminatedUnion('type', [
    z.looseObject({ type: z.literal('base64'), media_type: z.string().max(128), data: z.string() }),
    z.looseObject({ type: z.literal('url'), url: webUrl }),
    z.looseObject({ type: z.literal('file'), file_id: z.string().max(MAX_NAME_LENGTH) }),
  ])
  .transform((value): MediaSource => {
    if (value.type === 'base64') return { kind: 'base64', mediaType: value.media_type, data: value.data };
    return value.type === 'url' ? { kind: 'url', url: value.url } : { kind: 'id', id: value.file_id };
  });

const cached = { cache_control: optional(cacheControl) };
const part = (fields: object): ContentPart => present({ ...fields }) as unknown as ContentPart;

const text = z
  .looseObject({ type: z.literal('text'), text: z.string(), ...cached })
  .transform((block) => part({ type: 'text', text: block.text, cacheControl: block.cache_control }) as TextPart);

const image = z
  .looseObject({ type: z.literal('image'), source, ...cached })
  .transform((block) => part({ type: 'image', source: block.source, cacheControl: block.cache_control }));

/** A document of plain text or of blocks is text; a PDF or a file is a file. */
const document = z
  .looseObject({
    type: z.literal('document'),
    source: z.union([
      z
        .looseObject({ type: z.literal('text'), data: z.string() })
        .transform(({ data }): { readonly text: string } => ({ text: data })),
      z
        .looseObject({ type: z.literal('content'), content: z.union([z.string(), z.array(text).max(MAX_PARTS)]) })
        .transform(({ content }): { readonly text: string } => ({
          text: typeof content === 'string' ? content : content.map((block) => block.text).join('\n'),
        })),
      source,
    ]),
    title: optional(z.string().max(1024)),
    context: optional(z.string()),
    ...cached,
  })
  .transform(({ source: from, title, context, cache_control }): ContentPart => {
    if (!('text' in from)) return part({ type: 'file', source: from, filename: title, cacheControl: cache_control });
    const heading = [title, context].filter(Boolean).join('\n');
    return part({
      type: 'text',
      text: heading ? `${heading}\n\n${from.text}` : from.text,
      cacheControl: cache_control,
    });
  });

const searchResult = z
  .looseObject({
    type: z.literal('search_result'),
    source: z.string(),
    title: z.string(),
    content: z.array(text).max(MAX_PARTS),
    ...cached,
  })
  .transform(({ source: from, title, content, cache_control }) =>
    part({
      type: 'text',
      text: `${title}\n${from}\n\n${content.map((block) => block.text).join('\n')}`,
      cacheControl: cache_control,
    }),
  );

const mediaBlock = z.discriminatedUnion('type', [text, image, document, searchResult]);

export interface ToolResult {
  readonly type: 'tool_result';
  readonly toolUseId: string;
  readonly content: readonly ContentPart[];
  readonly isError: boolean;
}

const toolResult = z
  .looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string().min(1).max(MAX_NAME_LENGTH),
    content: optional(
      z.union([
        z.string().transform((value): readonly ContentPart[] => [{ type: 'text', text: value }]),
        z.array(mediaBlock).max(MAX_PARTS),
      ]),
    ),
    is_error: optional(z.boolean()),
    ...cached,
  })
  .transform((block): ToolResult => {
    const content = block.content ?? [];
    // The hint of the whole result stands on its last part, where protocols look for it.
    const hinted = block.cache_control
      ? content.map((entry, index) =>
          index === content.length - 1 && !('cacheControl' in entry) && entry.type !== 'audio' && entry.type !== 'video'
            ? { ...entry, cacheControl: block.cache_control! }
            : entry,
        )
      : content;
    return { type: 'tool_result', toolUseId: block.tool_use_id, content: hinted, isError: block.is_error === true };
  });

/** What only Anthropic's own tools make: it means nothing to another provider, and passes where the format stays the same. */
const serverBlock = z
  .looseObject({ type: z.string().max(MAX_NAME_LENGTH) })
  .transform(() => ({ type: 'server' as const }));

export const SERVER_BLOCKS = new Set([
  'server_tool_use',
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
  'container_upload',
  'compaction',
]);

export type UserBlock = ContentPart | ToolResult;

const asText = (value: string): [TextPart] => [{ type: 'text', text: value }];

/** Blocks whose type only the provider knows are left to it; every other fault is named where it is. */
const blocks = <Known extends z.ZodType>(known: Known) =>
  z
    .array(z.unknown())
    .max(MAX_PARTS)
    .transform((values, context) => {
      const parsed: z.output<Known>[] = [];
      for (const [index, value] of values.entries()) {
        const type = (value as { type?: unknown } | null)?.type;
        const schema = typeof type === 'string' && SERVER_BLOCKS.has(type) ? serverBlock : known;
        const result = schema.safeParse(value);
        if (!result.success) {
          for (const issue of result.error.issues.slice(0, MAX_NESTING))
            context.issues.push({ ...issue, input: value, path: [index, ...issue.path] } as never);
          return z.NEVER;
        }
        if (schema === known) parsed.push(result.data as z.output<Known>);
      }
      return parsed;
    });

export const userContent = z.union([
  z.string().transform((value): UserBlock[] => asText(value)),
  blocks(z.discriminatedUnion('type', [text, image, document, searchResult, toolResult])),
]);

export interface AssistantBlocks {
  readonly content: readonly TextPart[];
  readonly toolCalls: readonly ToolCall[];
  readonly reasoning: readonly ReasoningDetail[];
}

/** A thought of Claude, or one of another provider whose origin its signature tells: its text is the client's copy. */
function thoughtOf(text: string, signature: string): ReasoningDetail {
  const foreign = detailOf(signature);
  if (foreign?.type === 'reasoning.text') return { ...foreign, text };
  if (foreign?.type === 'reasoning.summary') return { ...foreign, summary: text };
  if (foreign) return foreign;
  return { type: 'reasoning.text', text, ...(signature && { signature }), format: CLAUDE_REASONING };
}

const thinking = z
  .looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: optional(z.string()) })
  .transform((block) => ({ kind: 'reasoning' as const, detail: thoughtOf(block.thinking, block.signature ?? '') }));

const reasoningOfClaude = (data: string): ReasoningDetail => ({
  type: 'reasoning.encrypted',
  data,
  format: CLAUDE_REASONING,
});

const redactedThinking = z
  .looseObject({ type: z.literal('redacted_thinking'), data: z.string() })
  .transform(({ data }) => ({
    kind: 'reasoning' as const,
    detail: detailOf(data) ?? reasoningOfClaude(data),
  }));

const toolUse = z
  .looseObject({
    type: z.literal('tool_use'),
    id: z.string().min(1).max(MAX_NAME_LENGTH),
    name: z.string().min(1).max(MAX_NAME_LENGTH),
    input: z.record(z.string(), z.unknown()),
  })
  .transform((block) => ({
    kind: 'call' as const,
    call: { id: block.id, name: block.name, arguments: JSON.stringify(block.input) } satisfies ToolCall,
  }));

const assistantText = text.transform((value) => ({ kind: 'text' as const, text: value }));

export const assistantContent = z
  .union([
    z.string().transform((value) => asText(value).map((entry) => ({ kind: 'text' as const, text: entry }))),
    blocks(z.discriminatedUnion('type', [assistantText, thinking, redactedThinking, toolUse])),
  ])
  .transform((entries): AssistantBlocks => ({
    content: entries.flatMap((entry) => (entry.kind === 'text' ? [entry.text] : [])),
    toolCalls: entries.flatMap((entry) => (entry.kind === 'call' ? [entry.call] : [])),
    reasoning: entries.flatMap((entry) => (entry.kind === 'reasoning' ? [entry.detail] : [])),
  }));

export const systemContent = z.union([
  z.string().transform((value): TextPart[] => asText(value)),
  z.array(text).max(MAX_PARTS),
]);
