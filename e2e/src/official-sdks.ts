import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import type { BaseMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { ECHO, FORMATS, idOf, PROMPT } from './sdk-upstreams.js';
import type { TestStack } from './test-stack.js';

const TEST_TIMEOUT_MS = 60_000;
const City = z.object({ city: z.string() });
const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { name: 'get_weather', description: 'The weather of a city.' };
const SKY = 'blue over Paris';
const rows = FORMATS.map((format) => ({ format }));

/** Specs of the official clients of OpenAI, Anthropic and Google, and of LangChain's of OpenAI. */
export function describeOfficialSdks(stackOf: () => TestStack): void {
  let stack: TestStack;
  let openai: OpenAI;
  let anthropic: Anthropic;
  let google: GoogleGenAI;
  beforeAll(() => {
    stack = stackOf();
    const { apiKey } = stack.account;
    const root = `${stack.edgeUrls[0]}/api`;
    openai = stack.client;
    anthropic = new Anthropic({ baseURL: root, apiKey, authToken: null, maxRetries: 0 });
    google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: root, fetch: globalThis.fetch } });
  });

  describe.each(rows)('$format', ({ format }) => {
    const echo = idOf(format, 'echo');
    const thinker = idOf(format, 'reasoning');
    const caller = idOf(format, 'tools');

    it(
      '`openai` runs tools, parses objects and streams chats with its helpers',
      async () => {
        const { completions } = openai.chat;
        const messages = [{ role: 'user' as const, content: 'Paris' }];
        const runner = completions.runTools({
          model: caller,
          messages,
          tools: [
            {
              type: 'function',
              function: {
                ...weather,
                parameters: schema,
                parse: JSON.parse as (input: string) => { city: string },
                function: ({ city }: { city: string }) => `blue over ${city}`,
              },
            },
          ],
        });
        expect(await runner.finalContent()).toContain(SKY);
        const parsed = await completions.parse({
          model: echo,
          messages,
          response_format: zodResponseFormat(City, 'city'),
        });
        expect(parsed.choices[0]?.message.parsed).toEqual({ city: 'Paris' });
        const stream = completions.stream({ model: echo, messages: [{ role: 'user', content: PROMPT }] });
        const deltas: string[] = [];
        stream.on('content.delta', ({ delta }) => deltas.push(delta));
        expect(await stream.finalContent()).toBe(ECHO);
        expect(deltas.join('')).toBe(ECHO);
      },
      TEST_TIMEOUT_MS,
    );

    it(
      '`openai` tells responses by events, parses them, and answers calls and thoughts with the items that it got',
      async () => {
        const { responses } = openai;
        const stream = responses.stream({ model: echo, input: PROMPT });
        const deltas: string[] = [];
        stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta));
        expect((await stream.finalResponse()).output_text).toBe(ECHO);
        expect(deltas.join('')).toBe(ECHO);
        const parsed = await responses.parse({
          model: echo,
          input: 'Paris',
          text: { format: zodTextFormat(City, 'city') },
        });
        expect(parsed.output_parsed).toEqual({ city: 'Paris' });

        const tools = [{ type: 'function' as const, ...weather, parameters: schema, strict: false }];
        const asked = [{ role: 'user' as const, content: 'Paris' }];
        const calling = await responses.create({ model: caller, input: asked, tools });
        const call = calling.output.find((item) => item.type === 'function_call');
        expect(JSON.parse(call?.arguments ?? '')).toEqual({ city: 'Paris' });
        const result = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: SKY };
        const input = [...asked, ...calling.output, result] as OpenAI.Responses.ResponseInput;
        expect((await responses.create({ model: caller, input, tools })).output_text).toContain(SKY);

        const thinking = await responses.create({ model: thinker, input: asked });
        expect(thinking.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
        const again = [...asked, ...thinking.output, ...asked] as OpenAI.Responses.ResponseInput;
        expect((await responses.create({ model: thinker, input: again })).status).toBe('completed');
      },
      TEST_TIMEOUT_MS,
    );

    it(
      '`@anthropic-ai/sdk` gathers streams, counts tokens, answers calls and sends thoughts back',
      async () => {
        const messages: Anthropic.MessageParam[] = [{ role: 'user', content: PROMPT }];
        const request = { model: echo, max_tokens: 1_000, messages };
        const stream = anthropic.messages.stream(request);
        const texts: string[] = [];
        stream.on('text', (text) => texts.push(text));
        expect(await stream.finalText()).toBe(ECHO);
        expect(texts.join('')).toBe(ECHO);
        expect((await anthropic.messages.countTokens({ model: echo, messages })).input_tokens).toBeGreaterThan(0);

        const asked: Anthropic.MessageParam[] = [{ role: 'user', content: 'Paris' }];
        const tools = [{ ...weather, input_schema: schema }];
        const calling = await anthropic.messages
          .stream({ model: caller, max_tokens: 1_000, messages: asked, tools })
          .finalMessage();
        expect(calling.stop_reason).toBe('tool_use');
        const call = calling.content.find((block) => block.type === 'tool_use');
        expect(call).toMatchObject({ name: weather.name, input: { city: 'Paris' } });
        const answered: Anthropic.MessageParam[] = [
          ...asked,
          { role: 'assistant', content: calling.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: SKY }] },
        ];
        const told = await anthropic.messages.create({ model: caller, max_tokens: 1_000, messages: answered, tools });
        expect(JSON.stringify(told.content)).toContain(SKY);

        const thinks = {
          model: thinker,
          max_tokens: 4_000,
          thinking: { type: 'enabled' as const, budget_tokens: 1_024 },
        };
        const thought = await anthropic.messages.stream({ ...thinks, messages }).finalMessage();
        expect(thought.content[0]?.type).toMatch(/thinking$/);
        const next = [...messages, { role: 'assistant' as const, content: thought.content }, ...messages];
        expect((await anthropic.messages.create({ ...thinks, messages: next })).content.at(-1)).toMatchObject({
          text: ECHO,
        });
      },
      TEST_TIMEOUT_MS,
    );

    it(
      '`@google/genai` chats, counts tokens, answers calls and gets objects',
      async () => {
        const chat = google.chats.create({ model: echo });
        expect((await chat.sendMessage({ message: PROMPT })).text).toBe(ECHO);
        const pieces = await Array.fromAsync(await chat.sendMessageStream({ message: PROMPT }));
        expect(pieces.map(({ text }) => text ?? '').join('')).toBe(ECHO);
        expect(chat.getHistory()).toHaveLength(4);
        const { totalTokens } = await google.models.countTokens({ model: echo, contents: PROMPT });
        expect(totalTokens).toBeGreaterThan(0);
        const json = { responseMimeType: 'application/json', responseJsonSchema: schema };
        const object = await google.models.generateContent({ model: echo, contents: 'Paris', config: json });
        expect(JSON.parse(object.text ?? '')).toEqual({ city: 'Paris' });

        const tools = [{ functionDeclarations: [{ ...weather, parametersJsonSchema: schema }] }];
        const caught = google.chats.create({ model: caller, config: { tools } });
        const [call] = (await caught.sendMessage({ message: 'Paris' })).functionCalls ?? [];
        expect(call).toMatchObject({ name: weather.name, args: { city: 'Paris' } });
        const functionResponse = { name: weather.name, id: call?.id ?? '', response: { sky: SKY } };
        expect((await caught.sendMessage({ message: [{ functionResponse }] })).text).toContain(SKY);
      },
      TEST_TIMEOUT_MS,
    );

    it.each([false, true])(
      '`@langchain/openai` answers, streams, calls and gets objects, by responses: %s',
      async (useResponsesApi) => {
        const modelOf = (model: string) =>
          new ChatOpenAI({
            model,
            apiKey: stack.account.apiKey,
            configuration: { baseURL: stack.baseUrl },
            maxRetries: 0,
            useResponsesApi,
            zdrEnabled: true,
          });
        const whole = await modelOf(echo).invoke(PROMPT);
        expect(whole.text).toBe(ECHO);
        expect(whole.usage_metadata?.output_tokens).toBeGreaterThan(0);
        const chunks = await Array.fromAsync(await modelOf(echo).stream(PROMPT));
        expect(chunks.map(({ text }) => text).join('')).toBe(ECHO);

        const getWeather = tool(() => SKY, { ...weather, schema: City });
        const bound = modelOf(caller).bindTools([getWeather]);
        const asked: BaseMessage[] = [new HumanMessage('Paris')];
        const pieces = await Array.fromAsync(await bound.stream(asked));
        const calling = pieces.reduce((left, right) => left.concat(right), new AIMessageChunk(''));
        expect(calling.tool_calls).toMatchObject([{ name: weather.name, args: { city: 'Paris' } }]);
        const { id = '', args } = calling.tool_calls![0]!;
        const result = new ToolMessage({ content: await getWeather.invoke(City.parse(args)), tool_call_id: id });
        expect((await bound.invoke([...asked, calling, result])).text).toContain(SKY);
        const structured = modelOf(echo).withStructuredOutput(City, { method: 'jsonSchema' });
        expect(await structured.invoke('Paris')).toEqual({ city: 'Paris' });
      },
      TEST_TIMEOUT_MS,
    );
  });

  it('`openai` embeds texts', async () => {
    const { data, usage } = await openai.embeddings.create({ model: 'sandbox/embed', input: [PROMPT, 'Another'] });
    expect(data.map(({ embedding }) => embedding.length > 0)).toEqual([true, true]);
    expect(usage.total_tokens).toBeGreaterThan(0);
  });
}
