import { createOpenRouter, type OpenRouterProvider } from '@openrouter/ai-sdk-provider';
import { OpenRouter } from '@openrouter/sdk';
import type { ChatFunctionTool, ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import * as errors from '@openrouter/sdk/models/errors';
import { APICallError, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { waitUntil } from '@switchyard/testing';
import { z } from 'zod';
import { FAILURES, say, type Failure } from './client-failures.js';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const hello = say('Hello from an official client!');
const TEXT = 'Hello from the Switchyard sandbox! You said: Hello from an official client!';
const weather = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe('official clients', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const keyOf = ({ key }: Failure) =>
    key === 'management' ? stack.account.managementKey : (key ?? stack.account.apiKey);

  describe('openai', () => {
    const tools = [{ type: 'function' as const, function: weather }];

    it('answers, streams, and gathers a stream with its helper, all with one text', async () => {
      const { completions } = stack.client.chat;
      const request = { model: 'sandbox/echo', messages: hello };
      const whole = await completions.create(request);
      expect(whole.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop', message: { content: TEXT } });
      expect(whole.usage?.total_tokens).toBe((whole.usage?.prompt_tokens ?? 0) + (whole.usage?.completion_tokens ?? 0));
      let streamed = '';
      for await (const chunk of await completions.create({ ...request, stream: true }))
        streamed += chunk.choices[0]?.delta.content ?? '';
      expect(streamed).toBe(TEXT);
      const helper = completions.stream({ ...request, stream_options: { include_usage: true } });
      expect(await helper.finalContent()).toBe(TEXT);
      expect((await helper.totalUsage()).completion_tokens).toBe(whole.usage?.completion_tokens);
    }, 30_000);

    it('runs a loop of tools to its end', async () => {
      const runner = stack.client.chat.completions.runTools({
        model: 'sandbox/tools',
        messages: hello,
        tools: [
          {
            type: 'function',
            function: {
              ...weather,
              parse: JSON.parse as (input: string) => { city: string },
              function: ({ city }: { city: string }) => `sunny in ${city}`,
            },
          },
        ],
      });
      expect(await runner.finalContent()).toContain('sunny in Hello from an official client!');
      const streamed = await stack.client.chat.completions
        .stream({ model: 'sandbox/tools', messages: hello, tools })
        .finalChatCompletion();
      expect(streamed.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ type: 'function', function: { name: 'get_weather' } }] },
      });
    }, 30_000);

    it.each(FAILURES)(
      'throws its own class for $status $code',
      async (failure) => {
        const classes: Readonly<Record<number, abstract new (...args: never) => Error>> = {
          400: OpenAI.BadRequestError,
          401: OpenAI.AuthenticationError,
          403: OpenAI.PermissionDeniedError,
          404: OpenAI.NotFoundError,
          429: OpenAI.RateLimitError,
          502: OpenAI.InternalServerError,
        };
        const client = new OpenAI({ baseURL: stack.baseUrl, apiKey: keyOf(failure), maxRetries: 0 });
        const { provider, ...request } = { provider: undefined, ...failure.request };
        const error = await rejection(
          client.chat.completions.create({
            model: 'sandbox/echo',
            messages: hello,
            ...request,
            ...(provider && ({ provider } as object)),
          }),
        );
        expect(error).toBeInstanceOf(classes[failure.status] ?? OpenAI.APIError);
        expect(error).toMatchObject({
          status: failure.status,
          code: failure.status,
          error: { metadata: { code: failure.code, error_type: expect.any(String) } },
        });
      },
      30_000,
    );

    it('throws in mid-stream when the stream fails, and stops when told to', async () => {
      const broken = await stack.client.chat.completions.create({
        model: 'sandbox/echo',
        messages: say('[[fault: tokens=20 error_event after=3]]'),
        stream: true,
      });
      const error = await rejection(Array.fromAsync(broken));
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: 502 });
      const endless = stack.client.chat.completions.stream({
        model: 'sandbox/echo',
        messages: say('[[fault: tokens=5000 tps=20]]'),
      });
      endless.once('content', () => endless.abort());
      expect(await rejection(endless.done())).toBeInstanceOf(OpenAI.APIUserAbortError);
    }, 30_000);

    it('lists models', async () => {
      const ids = (await Array.fromAsync(await stack.client.models.list())).map(({ id }) => id);
      expect(ids).toContain('sandbox/echo');
    });
  });

  describe('@openrouter/sdk', () => {
    const clientOf = (apiKey: string) =>
      new OpenRouter({ apiKey, serverURL: stack.baseUrl, retryConfig: { strategy: 'none' }, timeoutMs: 20_000 });
    const user = () => clientOf(stack.account.apiKey);
    const manager = () => clientOf(stack.account.managementKey);
    const tools: ChatFunctionTool[] = [{ type: 'function', function: weather }];
    type Asked = { model: string; messages: typeof hello; tools?: ChatFunctionTool[] };
    const send = async (chatRequest: Asked) =>
      (await user().chat.send({ chatRequest: { ...chatRequest, stream: false } })) as ChatResult;
    const stream = async (chatRequest: Asked) =>
      Array.fromAsync(
        (await user().chat.send({
          chatRequest: { ...chatRequest, stream: true },
        })) as AsyncIterable<ChatStreamChunk>,
      );

    it.each(['sandbox/echo', 'sandbox/reasoning', 'sandbox/claude-style', 'sandbox/gemini-style'])(
      'accepts what %s answers, whole and streamed',
      async (model) => {
        const whole = await send({ model, messages: hello });
        expect(whole.choices[0]?.message.content).toBe(TEXT);
        expect(whole.usage?.cost).toBeGreaterThan(0);
        const chunks = await stream({ model, messages: hello });
        expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(TEXT);
        expect(chunks.find(({ usage }) => usage)?.usage?.cost).toBeGreaterThan(0);
        expect(chunks.map(({ choices }) => choices[0]?.finishReason).filter(Boolean)).toContain('stop');
      },
      30_000,
    );

    it('accepts tool calls, whole and streamed, and errors inside a stream', async () => {
      const whole = await send({ model: 'sandbox/tools', messages: hello, tools });
      expect(whole.choices[0]?.message.toolCalls?.[0]?.function.name).toBe('get_weather');
      const chunks = await stream({ model: 'sandbox/tools', messages: hello, tools });
      const calls = chunks.flatMap(({ choices }) => choices[0]?.delta.toolCalls ?? []);
      expect(JSON.parse(calls.map((call) => call.function?.arguments ?? '').join(''))).toHaveProperty('city');
      const failed = await stream({ model: 'sandbox/echo', messages: say('[[fault: tokens=9 error_event after=3]]') });
      expect(failed.at(-1)?.error?.code).toBe(502);
    }, 30_000);

    it.each(FAILURES)(
      'throws the typed error of $status $code',
      async (failure) => {
        const classes: Readonly<Record<number, abstract new (...args: never) => Error>> = {
          400: errors.BadRequestResponseError,
          401: errors.UnauthorizedResponseError,
          402: errors.PaymentRequiredResponseError,
          403: errors.ForbiddenResponseError,
          404: errors.NotFoundResponseError,
          413: errors.PayloadTooLargeResponseError,
          429: errors.TooManyRequestsResponseError,
          502: errors.BadGatewayResponseError,
        };
        const { max_tokens: maxTokens, ...request }: Failure['request'] = failure.request;
        const error = await rejection(
          clientOf(keyOf(failure)).chat.send({
            chatRequest: { model: 'sandbox/echo', messages: hello, ...request, ...(maxTokens && { maxTokens }) },
          }),
        );
        expect(error).toBeInstanceOf(classes[failure.status] ?? null);
        expect(error).toMatchObject({ statusCode: failure.status, error: { code: failure.status } });
      },
      30_000,
    );

    it('reads the catalogue', async () => {
      const { result } = await user().models.list();
      expect(result.data.length).toBeGreaterThanOrEqual(300);
      expect((await user().models.count()).data.count).toBe(result.data.length);
      const { data: model } = await user().models.get({ author: 'sandbox', slug: 'echo' });
      expect(model.id).toBe('sandbox/echo');
      const { data } = await user().endpoints.list({ author: 'sandbox', slug: 'echo' });
      expect(data.endpoints[0]).toMatchObject({ providerName: expect.any(String), supportsToolChoice: { auto: true } });
    });

    it('manages keys from creation to deletion', async () => {
      const { apiKeys } = manager();
      const created = await apiKeys.create({ requestBody: { name: 'by the SDK', limit: 1, limitReset: 'daily' } });
      const { hash } = created.data;
      expect((await apiKeys.list()).data.map((key) => key.hash)).toContain(hash);
      expect((await apiKeys.get({ hash })).data).toMatchObject({ name: 'by the SDK', limit: 1, limitReset: 'daily' });
      const updated = await apiKeys.update({ hash, requestBody: { name: 'renamed', limit: 2 } });
      expect(updated.data).toMatchObject({ hash, name: 'renamed', limit: 2 });
      const own = await clientOf(created.key).apiKeys.getCurrentKeyMetadata();
      expect(own.data).toMatchObject({ limit: 2, limitRemaining: 2, isManagementKey: false });
      expect((await apiKeys.delete({ hash })).deleted).toBe(true);
      expect(await rejection(apiKeys.get({ hash }))).toBeInstanceOf(errors.NotFoundResponseError);
    }, 30_000);

    it('reads credits and the record of a generation', async () => {
      const { data: credits } = await manager().credits.getCredits();
      expect(credits.totalCredits).toBe(10);
      const { id, usage } = await send({ model: 'sandbox/echo', messages: hello });
      const { generations } = user();
      await waitUntil(async () => (await generations.getGeneration({ id })).data.totalCost === usage?.cost, {
        what: 'the record has its cost',
      });
      expect((await generations.getGeneration({ id })).data).toMatchObject({ model: 'sandbox/echo', streamed: false });
      expect(await rejection(generations.getGeneration({ id: `${id}x` }))).toBeInstanceOf(errors.NotFoundResponseError);
    }, 30_000);
  });

  describe('@openrouter/ai-sdk-provider', () => {
    const providerOf = (apiKey: string): OpenRouterProvider =>
      createOpenRouter({ baseURL: stack.baseUrl, apiKey, compatibility: 'strict' });
    const model = (id: string) => providerOf(stack.account.apiKey)(id);
    const prompt = 'Hello from an official client!';
    const inputSchema = z.object({ city: z.string() });

    it('generates and streams text, with the cost', async () => {
      const whole = await generateText({ model: model('sandbox/echo'), prompt });
      expect([whole.text, whole.finishReason]).toEqual([TEXT, 'stop']);
      expect(whole.providerMetadata?.['openrouter']).toMatchObject({ usage: { cost: expect.any(Number) } });
      const streamed = streamText({ model: model('sandbox/echo'), prompt });
      expect((await Array.fromAsync(streamed.textStream)).join('')).toBe(TEXT);
      expect((await streamed.usage).outputTokens).toBe(whole.usage.outputTokens);
    }, 30_000);

    it('runs a loop of tools, whole and streamed', async () => {
      const options = {
        model: model('sandbox/tools'),
        prompt,
        tools: { weather: tool({ inputSchema, execute: async ({ city }) => ({ city, sky: 'blue' }) }) },
        stopWhen: stepCountIs(3),
      };
      const whole = await generateText(options);
      expect(whole.steps).toHaveLength(2);
      expect(whole.text).toContain('"sky":"blue"');
      expect(await streamText(options).text).toBe(whole.text);
    }, 30_000);

    it('makes objects of a schema and shows reasoning', async () => {
      const object = await generateText({
        model: model('sandbox/echo'),
        prompt,
        output: Output.object({ schema: inputSchema }),
      });
      expect(object.output).toEqual({ city: expect.any(String) });
      const reasoned = await generateText({ model: model('sandbox/reasoning'), prompt });
      expect(reasoned.reasoningText?.length).toBeGreaterThan(0);
      expect(await streamText({ model: model('sandbox/reasoning'), prompt }).reasoningText).toBe(
        reasoned.reasoningText,
      );
    }, 30_000);

    it.each(FAILURES.filter(({ status }) => status !== 413))('throws its error for $status $code', async (failure) => {
      const { messages = hello, model: id = 'sandbox/echo', ...extraBody }: Failure['request'] = failure.request;
      const error = await rejection(
        generateText({ model: providerOf(keyOf(failure))(id, { extraBody }), messages, maxRetries: 0 }),
      );
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ statusCode: failure.status });
      expect((error as APICallError).message).not.toBe('');
    });

    it('hears of errors inside a stream', async () => {
      const seen: unknown[] = [];
      const streamed = streamText({
        model: model('sandbox/echo'),
        prompt: '[[fault: tokens=9 error_event after=3]]',
        maxRetries: 0,
        onError: ({ error }) => void seen.push(error),
      });
      await streamed.consumeStream();
      expect(seen).toHaveLength(1);
    });
  });
});
