import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { GenerateContentResponse } from '@google/genai';
import OpenAI from 'openai';

/** What is asked of a model, whatever the client speaks. */
export interface Question {
  readonly model: string;
  readonly text: string;
  /** A picture beside the text: a PNG in base64. */
  readonly png?: string;
  /** Name of a function without parameters that may be called. */
  readonly tool?: string;
  /** The `provider` object of the request. */
  readonly provider?: object;
}

/** What a client understood of an answer. */
export interface Heard {
  text: string;
  calls: { name: string; arguments: unknown }[];
  thoughts: string;
  readonly usage: { prompt: number; completion: number; reasoning: number; cost: number };
}

/** The official client of a dialect. It throws what it throws. */
export interface Speaker {
  ask(question: Question, stream: boolean): Promise<Heard>;
  /** Status and code of an error, where that client shows them. */
  errorOf(error: unknown): { status: number | undefined; text: string };
}

/** What speaks each dialect; in the order of the documentation. */
export const CLIENTS = {
  'openai-chat': '`openai`, chat completions',
  'openai-completions': '`openai`, completions',
  'openai-responses': '`openai`, responses',
  'anthropic-messages': '`@anthropic-ai/sdk`',
  gemini: '`@google/genai`',
} as const;
export type DialectId = keyof typeof CLIENTS;

interface Priced {
  readonly cost?: number;
}

const silence = (): Heard => ({
  text: '',
  calls: [],
  thoughts: '',
  usage: { prompt: 0, completion: 0, reasoning: 0, cost: 0 },
});
const urlOf = (png: string): string => `data:image/png;base64,${png}`;
const parsed = (json: string): unknown => JSON.parse(json === '' ? '{}' : json) as unknown;
const parameters = { type: 'object' as const, properties: {} };
const MAX_TOKENS = 16_000;
const THINKING_TOKENS = 1_024;

/** Of OpenAI's and Anthropic's clients, whose errors are alike. */
const errorOfSdk = (error: unknown) => {
  const { status, error: body } = error as { status?: number; error?: unknown };
  return { status, text: JSON.stringify(body ?? null) + String(error) };
};

interface Reasoned {
  readonly reasoning?: string | null;
  readonly reasoning_details?: readonly unknown[];
}

function chat(client: OpenAI): Speaker {
  return {
    errorOf: errorOfSdk,
    async ask({ model, text, png, tool, provider }, stream) {
      const image = png && { type: 'image_url' as const, image_url: { url: urlOf(png) } };
      const content = image ? [{ type: 'text' as const, text }, image] : text;
      const request = {
        model,
        messages: [{ role: 'user' as const, content }],
        ...(tool && { tools: [{ type: 'function' as const, function: { name: tool, parameters } }] }),
        ...({ provider } as object),
      };
      const completion = stream
        ? await client.chat.completions
            .stream({ ...request, stream_options: { include_usage: true } })
            .finalChatCompletion()
        : await client.chat.completions.create(request);
      const message = completion.choices[0]?.message;
      const { reasoning, reasoning_details: details } = (message ?? {}) as Reasoned;
      const { usage } = completion;
      return {
        text: message?.content ?? '',
        calls: (message?.tool_calls ?? []).flatMap((call) =>
          call.type === 'function' ? [{ name: call.function.name, arguments: parsed(call.function.arguments) }] : [],
        ),
        thoughts: (reasoning ?? '') + (details?.length ? JSON.stringify(details) : ''),
        usage: {
          prompt: usage?.prompt_tokens ?? 0,
          completion: usage?.completion_tokens ?? 0,
          reasoning: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
          cost: (usage as Priced | undefined)?.cost ?? 0,
        },
      };
    },
  };
}

function completions(client: OpenAI): Speaker {
  return {
    errorOf: errorOfSdk,
    async ask({ model, text, provider }, stream) {
      const request = { model, prompt: text, ...({ provider } as object) };
      const heard = silence();
      const note = ({ choices, usage }: OpenAI.Completion) => {
        for (const choice of choices) {
          heard.text += choice.text;
          heard.thoughts += (choice as Reasoned).reasoning ?? '';
        }
        if (!usage) return;
        heard.usage.prompt = usage.prompt_tokens;
        heard.usage.completion = usage.completion_tokens;
        heard.usage.reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
        heard.usage.cost = (usage as Priced).cost ?? 0;
      };
      if (stream) for await (const chunk of await client.completions.create({ ...request, stream })) note(chunk);
      else note(await client.completions.create(request));
      return heard;
    },
  };
}

function responses(client: OpenAI): Speaker {
  return {
    errorOf: errorOfSdk,
    async ask({ model, text, png, tool, provider }, stream) {
      const image = png && { type: 'input_image' as const, image_url: urlOf(png), detail: 'auto' as const };
      const content = image && [{ type: 'input_text' as const, text }, image];
      const request = {
        model,
        input: content ? [{ role: 'user' as const, content }] : text,
        ...(tool && { tools: [{ type: 'function' as const, name: tool, parameters, strict: false }] }),
        ...({ provider } as object),
      };
      const response = stream
        ? await client.responses.stream(request).finalResponse()
        : await client.responses.create(request);
      // The client gives a failed response as it gives any other.
      if (response.status === 'failed') throw new Error(JSON.stringify(response.error));
      const { usage } = response;
      return {
        text: response.output_text,
        calls: response.output.flatMap((item) =>
          item.type === 'function_call' ? [{ name: item.name, arguments: parsed(item.arguments) }] : [],
        ),
        thoughts: response.output
          .flatMap((item) => (item.type === 'reasoning' ? [JSON.stringify(item.summary) + JSON.stringify(item)] : []))
          .join(''),
        usage: {
          prompt: usage?.input_tokens ?? 0,
          completion: usage?.output_tokens ?? 0,
          reasoning: usage?.output_tokens_details.reasoning_tokens ?? 0,
          cost: (usage as Priced | undefined)?.cost ?? 0,
        },
      };
    },
  };
}

function messages(client: Anthropic): Speaker {
  return {
    errorOf: errorOfSdk,
    async ask({ model, text, png, tool, provider }, stream) {
      const source = png && { type: 'base64' as const, media_type: 'image/png' as const, data: png };
      const content = source
        ? [
            { type: 'text' as const, text },
            { type: 'image' as const, source },
          ]
        : text;
      const request = {
        model,
        max_tokens: MAX_TOKENS,
        messages: [{ role: 'user' as const, content }],
        ...(tool && { tools: [{ name: tool, input_schema: parameters }] }),
        ...({ provider } as object),
      };
      const heard = silence();
      const answering = stream ? client.messages.stream(request) : null;
      // The client adds up the tokens of a stream and leaves out what it does not know.
      answering?.on('streamEvent', (event) => {
        if (event.type === 'message_delta') heard.usage.cost = (event.usage as Priced).cost ?? 0;
      });
      const message = answering ? await answering.finalMessage() : await client.messages.create(request);
      for (const block of message.content) {
        if (block.type === 'text') heard.text += block.text;
        if (block.type === 'tool_use') heard.calls.push({ name: block.name, arguments: block.input });
        if (block.type === 'thinking') heard.thoughts += block.thinking + block.signature;
        if (block.type === 'redacted_thinking') heard.thoughts += block.data;
      }
      heard.usage.prompt = message.usage.input_tokens;
      heard.usage.completion = message.usage.output_tokens;
      heard.usage.cost = (message.usage as Priced).cost ?? heard.usage.cost;
      return heard;
    },
  };
}

function gemini(client: GoogleGenAI): Speaker {
  const listen = (heard: Heard, { candidates, usageMetadata: usage }: GenerateContentResponse) => {
    for (const part of candidates?.[0]?.content?.parts ?? []) {
      if (part.thought) heard.thoughts += (part.text ?? '') + (part.thoughtSignature ?? '');
      else heard.text += part.text ?? '';
      if (part.functionCall)
        heard.calls.push({ name: part.functionCall.name ?? '', arguments: part.functionCall.args ?? {} });
    }
    if (!usage) return;
    heard.usage.prompt = usage.promptTokenCount ?? 0;
    heard.usage.completion = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
    heard.usage.reasoning = usage.thoughtsTokenCount ?? 0;
    heard.usage.cost = (usage as Priced).cost ?? heard.usage.cost;
  };
  return {
    errorOf: (error) => ({ status: (error as { status?: number }).status, text: String(error) }),
    async ask({ model, text, png, tool, provider }, stream) {
      const request = {
        model,
        contents: png ? [text, { inlineData: { mimeType: 'image/png', data: png } }] : text,
        config: {
          thinkingConfig: { includeThoughts: true, thinkingBudget: THINKING_TOKENS },
          maxOutputTokens: MAX_TOKENS,
          ...(tool && { tools: [{ functionDeclarations: [{ name: tool, parametersJsonSchema: parameters }] }] }),
          ...(provider && { httpOptions: { extraBody: { provider } } }),
        },
      };
      const heard = silence();
      if (stream) for await (const chunk of await client.models.generateContentStream(request)) listen(heard, chunk);
      else listen(heard, await client.models.generateContent(request));
      return heard;
    },
  };
}

/** Every dialect by its official client. @param edgeUrl of an edge, without a path */
export function speakersOf(edgeUrl: string, apiKey: string): Readonly<Record<DialectId, Speaker>> {
  const openai = new OpenAI({ baseURL: `${edgeUrl}/api/v1`, apiKey, maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: `${edgeUrl}/api`, apiKey, authToken: null, maxRetries: 0 });
  // Its own way to lift the time limits of `fetch` needs a global that the realm of a test does not have.
  const httpOptions = { baseUrl: `${edgeUrl}/api`, fetch: globalThis.fetch };
  const google = new GoogleGenAI({ apiKey, httpOptions });
  return {
    'openai-chat': chat(openai),
    'openai-completions': completions(openai),
    'openai-responses': responses(openai),
    'anthropic-messages': messages(anthropic),
    gemini: gemini(google),
  };
}
