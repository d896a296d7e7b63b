import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import type { LanguageModel } from 'ai';
import { z } from 'zod';
import { ECHO, FORMATS, idOf, PROMPT } from './sdk-upstreams.js';
import type { TestStack } from './test-stack.js';

const CLIENTS = [
  '@ai-sdk/openai, chat',
  '@ai-sdk/openai, responses',
  '@ai-sdk/anthropic',
  '@ai-sdk/google',
  '@openrouter/ai-sdk-provider',
] as const;
const rows = CLIENTS.flatMap((client) => FORMATS.map((format) => ({ client, format })));
/** Thoughts are shown where they are asked for, and an answer that nobody stores is sent back whole. */
const providerOptions = {
  openai: { store: false, include: ['reasoning.encrypted_content'] },
  google: { thinkingConfig: { includeThoughts: true } },
};
/** The chat of OpenAI's own provider has no place for thoughts, its responses only for the summaries that models of OpenAI write. */
const showsThoughts = (client: string, format: string): boolean =>
  client === '@ai-sdk/openai, responses' ? format === 'openai-responses' : client !== '@ai-sdk/openai, chat';
const TEST_TIMEOUT_MS = 60_000;
const inputSchema = z.object({ city: z.string() });
const tools = { weather: tool({ inputSchema, execute: async ({ city }) => ({ city, sky: 'blue' }) }) };

/** Specs of the AI SDK, by every one of its providers that speaks a format of ours. */
export function describeAiSdk(stackOf: () => TestStack): void {
  let modelsOf: Readonly<Record<(typeof CLIENTS)[number], (id: string) => LanguageModel>>;
  beforeAll(() => {
    const stack = stackOf();
    const { apiKey } = stack.account;
    const root = `${stack.edgeUrls[0]}/api`;
    const openai = createOpenAI({ baseURL: `${root}/v1`, apiKey });
    const anthropic = createAnthropic({ baseURL: `${root}/v1`, apiKey });
    const google = createGoogleGenerativeAI({ baseURL: `${root}/v1beta`, apiKey });
    const openrouter = createOpenRouter({ baseURL: `${root}/v1`, apiKey, compatibility: 'strict' });
    modelsOf = {
      '@ai-sdk/openai, chat': (id) => openai.chat(id),
      '@ai-sdk/openai, responses': (id) => openai.responses(id),
      '@ai-sdk/anthropic': (id) => anthropic(id),
      '@ai-sdk/google': (id) => google(`models/${id}`),
      '@openrouter/ai-sdk-provider': (id) => openrouter(id),
    };
  });

  it.each(rows)(
    '$client reads what a model of $format says, whole and streamed',
    async ({ client, format }) => {
      const model = modelsOf[client](idOf(format, 'echo'));
      const whole = await generateText({ model, prompt: PROMPT, maxRetries: 0 });
      expect([whole.text, whole.finishReason]).toEqual([ECHO, 'stop']);
      const streamed = streamText({ model, prompt: PROMPT, maxRetries: 0 });
      expect((await Array.fromAsync(streamed.textStream)).join('')).toBe(ECHO);
      expect(await streamed.usage).toMatchObject({
        inputTokens: whole.usage.inputTokens,
        outputTokens: whole.usage.outputTokens,
      });
      expect(whole.usage.outputTokens).toBeGreaterThan(0);
    },
    TEST_TIMEOUT_MS,
  );

  it.each(rows)(
    '$client runs a loop of tools with a model of $format, whole and streamed',
    async ({ client, format }) => {
      const model = modelsOf[client](idOf(format, 'tools'));
      const options = { model, prompt: 'Paris', tools, stopWhen: stepCountIs(3), maxRetries: 0 };
      const whole = await generateText(options);
      expect(whole.steps).toHaveLength(2);
      expect(whole.steps[0]?.toolCalls[0]).toMatchObject({ toolName: 'weather', input: { city: 'Paris' } });
      expect(whole.text).toMatch(/"sky":\s*"blue"/);
      expect(await streamText(options).text).toBe(whole.text);
    },
    TEST_TIMEOUT_MS,
  );

  it.each(rows)(
    '$client gets an object of a schema from a model of $format, whole and streamed',
    async ({ client, format }) => {
      const model = modelsOf[client](idOf(format, 'echo'));
      const options = { model, prompt: 'Paris', output: Output.object({ schema: inputSchema }), maxRetries: 0 };
      expect((await generateText(options)).output).toEqual({ city: 'Paris' });
      expect(await streamText(options).output).toEqual({ city: 'Paris' });
    },
    TEST_TIMEOUT_MS,
  );

  it.each(rows)(
    '$client shows what a model of $format thought, and may send it back',
    async ({ client, format }) => {
      const model = modelsOf[client](idOf(format, 'reasoning'));
      const options = { model, providerOptions, maxRetries: 0 };
      const first = streamText({ ...options, prompt: PROMPT });
      expect(await first.text).toBe(ECHO);
      if (showsThoughts(client, format)) expect((await first.reasoningText)?.length).toBeGreaterThan(0);
      const { messages } = await first.response;
      const question = { role: 'user' as const, content: PROMPT };
      const again = await generateText({ ...options, messages: [question, ...messages, question] });
      expect(again.text).toBe(ECHO);
    },
    TEST_TIMEOUT_MS,
  );
}
