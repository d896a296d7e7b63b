import { z } from 'zod';
import type { AssistantMessage, ContentPart, Message, ReasoningDetail, ToolCall } from '@switchyard/contracts';
import { recordsOf, recordOf, textOf } from '../../json.js';
import { base64SourceOf } from '../../media.js';
import { readDetail } from '../../openai-chat/message-events.js';
import { partContent, textContent } from './content-schema.js';
import { MAX_NAME_LENGTH, MAX_PARTS, optional, present } from '../common/schema-helpers.js';

const MAX_TOOL_CALLS = 512;
const name = optional(z.string().max(MAX_NAME_LENGTH));

const instruction = z
  .looseObject({ role: z.enum(['system', 'developer']), content: textContent, name })
  .transform(({ role, content, name }) => present({ role, content, name }) as unknown as Message);

const user = z
  .looseObject({ role: z.literal('user'), content: partContent, name })
  .transform(({ content, name }) => present({ role: 'user', content, name }) as unknown as Message);

const toolResult = z
  .looseObject({
    role: z.literal('tool'),
    tool_call_id: z.string().max(MAX_NAME_LENGTH),
    content: optional(partContent),
    name,
  })
  .transform(
    ({ tool_call_id: toolCallId, content, name }) =>
      present({ role: 'tool', toolCallId, content: content ?? [], name }) as unknown as Message,
  );

const toolCall = z
  .looseObject({
    id: z.string().max(MAX_NAME_LENGTH),
    function: z.looseObject({ name: z.string().min(1).max(MAX_NAME_LENGTH), arguments: optional(z.string()) }),
  })
  .transform((call): ToolCall => {
    // Gemini's compatible API puts the signature beside the call; whoever sends it back wants it to arrive.
    const signature = textOf(recordOf(recordOf(call['extra_content'])['google'])['thought_signature']);
    return {
      id: call.id,
      name: call.function.name,
      arguments: call.function.arguments ?? '',
      ...(signature && { signature }),
    };
  });

/** `content` of an assistant may also hold a refusal part (OpenAI). */
const refusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });
const assistantContent = z.preprocess((value) => {
  if (!Array.isArray(value)) return value;
  return value.filter((part: unknown) => !refusalPart.safeParse(part).success);
}, partContent);

const assistant = z
  .looseObject({
    role: z.literal('assistant'),
    content: optional(assistantContent),
    refusal: optional(z.string()),
    name,
    tool_calls: optional(z.array(toolCall).max(MAX_TOOL_CALLS)),
    reasoning: optional(z.string()),
    reasoning_content: optional(z.string()),
    reasoning_details: optional(z.array(z.unknown()).max(MAX_PARTS)),
    images: optional(z.array(z.unknown()).max(MAX_PARTS)),
  })
  .transform((message): AssistantMessage => {
    const text = message.reasoning ?? message.reasoning_content;
    const details = reasoningDetails(message.reasoning_details ?? []);
    return {
      role: 'assistant',
      content: [...(message.content ?? []), ...generatedImages(message.images ?? [])],
      toolCalls: message.tool_calls ?? [],
      // The plain text repeats the details where there are any.
      reasoning: details.length > 0 || !text ? details : [{ type: 'reasoning.text', text, format: 'unknown' }],
      ...present({ refusal: message.refusal, name: message.name }),
    };
  });

/** Details go on exactly as they came; those of server tools are no reasoning of the model. */
const reasoningDetails = (details: readonly unknown[]): readonly ReasoningDetail[] =>
  recordsOf(details)
    .map(readDetail)
    .filter((detail) => detail !== undefined);

/** Pictures that the model made in an earlier turn. */
const generatedImages = (images: readonly unknown[]): readonly ContentPart[] =>
  recordsOf(images).flatMap((image): readonly ContentPart[] => {
    const source = base64SourceOf(textOf(recordOf(image['image_url'])['url']) ?? '');
    return source ? [{ type: 'image', source }] : [];
  });

export const message = z.discriminatedUnion('role', [instruction, user, assistant, toolResult]);
