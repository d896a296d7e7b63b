import { z } from 'zod';
import { argumentsOf } from '../answer.js';
import { imageOfBase64, RefusedRequest } from '../prompt.js';
import type { Prompt, SeenImage, Turn } from '../prompt.js';
import type { Format, Frame, Reply } from './format.js';
import { understood } from './request.js';

const Part = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  inlineData: z.looseObject({ mimeType: z.string(), data: z.string() }).optional(),
  fileData: z.looseObject({ fileUri: z.string() }).optional(),
  functionResponse: z.looseObject({ response: z.unknown() }).optional(),
});
type Part = z.output<typeof Part>;
const Content = z.looseObject({ role: z.string().optional(), parts: z.array(Part).default([]) });

const GenerateBody = z.looseObject({
  contents: z.array(Content).min(1),
  systemInstruction: Content.nullish(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z
          .array(
            z.looseObject({
              name: z.string(),
              parameters: z.unknown().optional(),
              parametersJsonSchema: z.unknown().optional(),
            }),
          )
          .optional(),
      }),
    )
    .nullish(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: z.string().optional(), allowedFunctionNames: z.array(z.string()).optional() })
        .optional(),
    })
    .nullish(),
  generationConfig: z
    .looseObject({
      maxOutputTokens: z.int().positive().nullish(),
      stopSequences: z.array(z.string()).nullish(),
      responseMimeType: z.string().nullish(),
      responseSchema: z.unknown().optional(),
      responseJsonSchema: z.unknown().optional(),
    })
    .nullish(),
});
type GenerateBody = z.output<typeof GenerateBody>;

const ADDRESS = /\/models\/([^/:]+):(generateContent|streamGenerateContent)(\?.*)?$/;

/** Gemini: `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse`. Lines end in CRLF, and nothing follows the finish. */
export const gemini: Format = {
  id: 'gemini',
  idPrefix: '',
  reportsReasoning: true,
  parse(body, address) {
    const [, model = '', method, query = ''] = ADDRESS.exec(address) ?? [];
    const stream = method === 'streamGenerateContent';
    if (stream && !query.includes('alt=sse')) throw new RefusedRequest('The sandbox streams with alt=sse only.');
    return promptOf(understood(GenerateBody, body), decodeURIComponent(model), stream);
  },
  *frames(reply) {
    const { reasoning, signature, text, toolCall } = reply.answer;
    let sent = 0;
    for (const token of reasoning) yield tokenFrame(reply, [{ text: token, thought: true }], ++sent);
    for (const [index, token] of text.entries())
      yield tokenFrame(
        reply,
        [{ text: token, ...(index === 0 && signature && { thoughtSignature: signature }) }],
        ++sent,
      );
    if (toolCall) {
      sent += toolCall.arguments.length;
      const frame = tokenFrame(reply, [callPart(reply)], sent);
      yield { ...frame, tokens: toolCall.arguments.length };
    }
    if (reply.answer.finish)
      yield { kind: 'close', text: event(JSON.stringify(chunk(reply, [{ text: '' }], sent, true))) };
  },
  body(reply) {
    const { reasoning, signature, text, toolCall } = reply.answer;
    const parts = [
      ...(reasoning.length > 0 ? [{ text: reasoning.join(''), thought: true }] : []),
      ...(text.length > 0 ? [{ text: text.join(''), ...(signature && { thoughtSignature: signature }) }] : []),
      ...(toolCall ? [callPart(reply)] : []),
    ];
    return chunk(reply, parts, reply.usage?.outputTokens ?? 0, true);
  },
  error: (status, _, message) => ({ error: { code: status, message, status: STATUS_NAMES[status] ?? 'INTERNAL' } }),
  errorEvent: (message) => event(JSON.stringify({ error: { code: 503, message, status: 'UNAVAILABLE' } })),
  textEvent: (reply, text) => event(JSON.stringify(chunk(reply, [{ text }], 0, false))),
  event,
};

function event(payload: string): string {
  return `data: ${payload}\r\n\r\n`;
}

function promptOf(body: GenerateBody, model: string, stream: boolean): Prompt {
  const config = body.generationConfig ?? {};
  const schema = config.responseJsonSchema ?? config.responseSchema;
  const system = body.systemInstruction
    ? [{ ...turnOf('system', body.systemInstruction.parts), role: 'system' as const }]
    : [];
  return {
    format: 'gemini',
    model,
    stream,
    turns: [...system, ...body.contents.map(({ role, parts }) => turnOf(role, parts))],
    tools: (body.tools ?? [])
      .flatMap((tool) => tool.functionDeclarations ?? [])
      .map((tool) => ({ name: tool.name, schema: tool.parametersJsonSchema ?? tool.parameters ?? {} })),
    toolChoice: toolChoiceOf(body.toolConfig),
    maxTokens: config.maxOutputTokens ?? null,
    stop: config.stopSequences ?? [],
    json: config.responseMimeType === 'application/json' ? { schema: schema ?? null } : null,
    includeUsage: true,
  };
}

function turnOf(role: string | undefined, parts: readonly Part[]): Turn {
  const answersTool = parts.some((part) => part.functionResponse !== undefined);
  const speaker = role === 'model' ? 'assistant' : 'user';
  return {
    role: answersTool ? 'tool' : speaker,
    text: parts.map(textOf).filter(Boolean).join('\n'),
    images: parts.flatMap(imageOf),
  };
}

function textOf(part: Part): string {
  if (part.functionResponse) return JSON.stringify(part.functionResponse.response) ?? '';
  return part.thought ? '' : (part.text ?? '');
}

function imageOf(part: Part): SeenImage[] {
  if (part.inlineData) return [imageOfBase64(part.inlineData.mimeType, part.inlineData.data)];
  return part.fileData ? [{ mediaType: 'address', bytes: null }] : [];
}

function toolChoiceOf(config: GenerateBody['toolConfig']): Prompt['toolChoice'] {
  const { mode, allowedFunctionNames } = config?.functionCallingConfig ?? {};
  if (mode === 'NONE') return 'none';
  if (mode !== 'ANY') return 'auto';
  const [only] = allowedFunctionNames ?? [];
  return only === undefined ? 'required' : { name: only };
}

const tokenFrame = (reply: Reply, parts: readonly object[], sent: number): Frame => ({
  kind: 'token',
  text: event(JSON.stringify(chunk(reply, parts, sent, false))),
});

function callPart({ answer, id }: Reply): object {
  const { name, arguments: tokens } = answer.toolCall ?? { name: '', arguments: [] };
  const call = { id: `call_${id}`, name, args: argumentsOf(tokens) };
  return { functionCall: call, ...(answer.signature && { thoughtSignature: answer.signature }) };
}

/** One answer object; `sent` is how many output tokens went out so far. */
function chunk(reply: Reply, parts: readonly object[], sent: number, last: boolean) {
  const { answer, prompt, id } = reply;
  const finishReason = answer.finish === 'length' ? 'MAX_TOKENS' : 'STOP';
  return {
    candidates: [{ content: { parts, role: 'model' }, ...(last && answer.finish && { finishReason }), index: 0 }],
    ...(reply.usage && { usageMetadata: usageOf(reply, last ? reply.usage.outputTokens : sent) }),
    modelVersion: prompt.model,
    responseId: id,
  };
}

function usageOf({ usage }: Reply, outputTokens: number) {
  const { promptTokens, cachedTokens, reasoningTokens } = usage ?? {
    promptTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
  };
  const thoughts = Math.min(reasoningTokens, Math.max(0, outputTokens));
  return {
    promptTokenCount: promptTokens,
    ...(cachedTokens > 0 && { cachedContentTokenCount: cachedTokens }),
    candidatesTokenCount: outputTokens - thoughts,
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    totalTokenCount: promptTokens + outputTokens,
  };
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
