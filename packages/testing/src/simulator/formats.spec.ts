import { startSimulator } from './simulator.js';
import type { Simulator } from './simulator.js';
import { at, dataLinesOf, listAt, numberAt, textAt } from './read-json.js';
import { tokensOf } from './tokens.js';

let simulator: Simulator;
beforeAll(async () => (simulator = await startSimulator()));
afterAll(() => simulator.stop());

const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['c', 'f'] } },
  required: ['city', 'unit'],
};
const CALL = { city: 'Paris', unit: 'c' };
const HELLO = 'Hello from the Switchyard sandbox! You said: Good morning';

interface Call {
  readonly model: string;
  readonly text: string;
  readonly stream: boolean;
  readonly tools?: boolean;
  readonly maxTokens?: number;
  readonly stop?: string;
  readonly image?: string;
  readonly schema?: object;
}
/** What a client would have understood. */
interface Understood {
  text: string;
  reasoning: string;
  call: { name: string; arguments: unknown } | null;
  finish: string | null;
  signature: string | null;
  usage: { prompt: number; cached: number; output: number };
}

type Client = (call: Call) => Promise<Understood>;

async function post(path: string, body: object): Promise<string> {
  const response = await fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.text();
}
const parse = (text: string) => JSON.parse(text) as unknown;

const openai: Client = async ({ model, text, stream, tools, maxTokens, stop, image, schema }) => {
  const content = image
    ? [
        { type: 'text', text },
        { type: 'image_url', image_url: { url: image } },
      ]
    : text;
  const raw = await post('/v1/chat/completions', {
    model,
    stream,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content }],
    max_tokens: maxTokens,
    stop,
    ...(tools && { tools: [{ type: 'function', function: { name: 'weather', parameters: WEATHER } }] }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }),
  });
  const lines = stream ? dataLinesOf(raw) : [raw, '[DONE]'];
  expect(lines.at(-1)).toBe('[DONE]');
  const chunks = lines.slice(0, -1).map(parse);
  const choices = chunks.flatMap((chunk) => listAt(chunk, 'choices'));
  const deltas = choices.map((choice) => at(choice, stream ? 'delta' : 'message'));
  const calls = deltas.flatMap((delta) => listAt(delta, 'tool_calls'));
  const usage = chunks.map((chunk) => at(chunk, 'usage')).findLast(Boolean);
  const join = (name: string) => deltas.map((delta) => textAt(delta, name)).join('');
  return {
    text: join('content'),
    reasoning: join('reasoning_content'),
    signature: null,
    finish: choices.map((choice) => textAt(choice, 'finish_reason')).join('') || null,
    call:
      calls.length > 0
        ? {
            name: textAt(calls[0], 'function.name'),
            arguments: parse(calls.map((part) => textAt(part, 'function.arguments')).join('')),
          }
        : null,
    usage: {
      prompt: numberAt(usage, 'prompt_tokens'),
      cached: numberAt(usage, 'prompt_tokens_details.cached_tokens'),
      output: numberAt(usage, 'completion_tokens'),
    },
  };
};

const anthropic: Client = async ({ model, text, stream, tools, maxTokens, stop, image, schema }) => {
  const [, mediaType, data] = /^data:(.*);base64,(.*)$/.exec(image ?? '') ?? [];
  const raw = await post('/v1/messages', {
    model,
    stream,
    max_tokens: maxTokens ?? 4096,
    stop_sequences: stop && [stop],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text },
          ...(image ? [{ type: 'image', source: { type: 'base64', media_type: mediaType, data } }] : []),
        ],
      },
    ],
    ...(tools && { tools: [{ name: 'weather', input_schema: WEATHER }] }),
    ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
  });
  const finishes: Record<string, string> = {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    tool_use: 'tool_calls',
  };
  if (!stream) {
    const message = parse(raw);
    const block = (type: string) => listAt(message, 'content').find((each) => textAt(each, 'type') === type);
    const call = block('tool_use');
    return {
      text: textAt(block('text'), 'text'),
      reasoning: textAt(block('thinking'), 'thinking'),
      signature: textAt(block('thinking'), 'signature') || null,
      finish: finishes[textAt(message, 'stop_reason')] ?? null,
      call: call ? { name: textAt(call, 'name'), arguments: at(call, 'input') } : null,
      usage: usageOfAnthropic(at(message, 'usage')),
    };
  }
  const names = [...raw.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
  const events = dataLinesOf(raw).map(parse);
  expect(names).toEqual(events.map((event) => textAt(event, 'type')));
  expect([names[0], names.at(-1)]).toEqual(['message_start', 'message_stop']);
  const join = (name: string) => events.map((event) => textAt(event, `delta.${name}`)).join('');
  const call = events.find((event) => textAt(event, 'content_block.type') === 'tool_use');
  return {
    text: join('text'),
    reasoning: join('thinking'),
    signature: join('signature') || null,
    finish: finishes[join('stop_reason')] ?? null,
    call: call ? { name: textAt(call, 'content_block.name'), arguments: parse(join('partial_json')) } : null,
    usage: usageOfAnthropic(events.map((event) => at(event, 'usage')).findLast(Boolean)),
  };
};

const usageOfAnthropic = (usage: unknown) => ({
  prompt: numberAt(usage, 'input_tokens') + numberAt(usage, 'cache_read_input_tokens'),
  cached: numberAt(usage, 'cache_read_input_tokens'),
  output: numberAt(usage, 'output_tokens'),
});

const gemini: Client = async ({ model, text, stream, tools, maxTokens, stop, image, schema }) => {
  const [, mimeType, data] = /^data:(.*);base64,(.*)$/.exec(image ?? '') ?? [];
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  const raw = await post(`/v1beta/models/${model}:${method}`, {
    contents: [{ role: 'user', parts: [{ text }, ...(image ? [{ inlineData: { mimeType, data } }] : [])] }],
    generationConfig: {
      maxOutputTokens: maxTokens,
      stopSequences: stop && [stop],
      ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    },
    ...(tools && { tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: WEATHER }] }] }),
  });
  if (stream) expect(raw.endsWith('\r\n\r\n')).toBe(true);
  const chunks = stream ? dataLinesOf(raw).map(parse) : [parse(raw)];
  const parts = chunks.flatMap((chunk) => listAt(chunk, 'candidates.0.content.parts'));
  const last = chunks.at(-1);
  const call = parts.map((part) => at(part, 'functionCall')).find(Boolean);
  const join = (thought: boolean) =>
    parts
      .filter((part) => Boolean(at(part, 'thought')) === thought)
      .map((part) => textAt(part, 'text'))
      .join('');
  const stopped = call ? 'tool_calls' : 'stop';
  return {
    text: join(false),
    reasoning: join(true),
    signature: parts.map((part) => textAt(part, 'thoughtSignature')).find(Boolean) ?? null,
    finish: textAt(last, 'candidates.0.finishReason') === 'MAX_TOKENS' ? 'length' : stopped,
    call: call ? { name: textAt(call, 'name'), arguments: at(call, 'args') } : null,
    usage: {
      prompt: numberAt(last, 'usageMetadata.promptTokenCount'),
      cached: numberAt(last, 'usageMetadata.cachedContentTokenCount'),
      output: numberAt(last, 'usageMetadata.candidatesTokenCount') + numberAt(last, 'usageMetadata.thoughtsTokenCount'),
    },
  };
};

const responses: Client = async ({ model, text, stream, tools, maxTokens, image, schema }) => {
  const content = [{ type: 'input_text', text }, ...(image ? [{ type: 'input_image', image_url: image }] : [])];
  const raw = await post('/v1/responses', {
    model,
    stream,
    store: false,
    input: [{ role: 'user', content }],
    max_output_tokens: maxTokens,
    ...(tools && { tools: [{ type: 'function', name: 'weather', parameters: WEATHER }] }),
    ...(schema && { text: { format: { type: 'json_schema', name: 'x', schema } } }),
  });
  const events = stream ? dataLinesOf(raw).map(parse) : [];
  events.forEach((event, index) => expect(numberAt(event, 'sequence_number')).toBe(index));
  const response = stream ? at(events.at(-1), 'response') : parse(raw);
  const item = (type: string) => listAt(response, 'output').find((each) => textAt(each, 'type') === type);
  const deltas = (type: string) =>
    events.map((event) => (textAt(event, 'type') === type ? textAt(event, 'delta') : '')).join('');
  const [call, message, reasoning] = [item('function_call'), item('message'), item('reasoning')];
  const said = textAt(listAt(message, 'content')[0], 'text');
  const thought = textAt(listAt(reasoning, 'summary')[0], 'text');
  if (stream) {
    expect(deltas('response.output_text.delta')).toBe(said);
    expect(deltas('response.reasoning_summary_text.delta')).toBe(thought);
    expect(deltas('response.function_call_arguments.delta')).toBe(textAt(call, 'arguments'));
  }
  return {
    text: said,
    reasoning: thought,
    signature: textAt(reasoning, 'encrypted_content') || null,
    finish: textAt(response, 'status') === 'incomplete' ? 'length' : call ? 'tool_calls' : 'stop',
    call: call ? { name: textAt(call, 'name'), arguments: parse(textAt(call, 'arguments')) } : null,
    usage: {
      prompt: numberAt(response, 'usage.input_tokens'),
      cached: numberAt(response, 'usage.input_tokens_details.cached_tokens'),
      output: numberAt(response, 'usage.output_tokens'),
    },
  };
};

describe.each([
  ['OpenAI chat', openai],
  ['OpenAI Responses', responses],
  ['Anthropic messages', anthropic],
  ['Gemini', gemini],
])('the simulator in the format of %s', (name, client) => {
  describe.each([[false], [true]])('stream: %s', (stream) => {
    const ask = (call: Partial<Call>) => client({ model: 'echo', text: 'Good morning', stream, ...call });

    it('echoes the last user message and counts its tokens', async () => {
      const answer = await ask({});
      expect(answer).toMatchObject({ text: HELLO, finish: 'stop', call: null, reasoning: '' });
      expect(answer.usage).toEqual({ prompt: 4 + 2, cached: 0, output: tokensOf(HELLO).length });
    });

    it('calls the first tool with arguments that fit its schema', async () => {
      const answer = await ask({ model: 'tools', text: 'Paris', tools: true });
      expect(answer).toMatchObject({ text: '', finish: 'tool_calls', call: { name: 'weather', arguments: CALL } });
      expect(answer.usage.output).toBe(tokensOf(JSON.stringify(CALL)).length);
    });

    it('reasons before it answers', async () => {
      const answer = await ask({ model: 'reasoning' });
      expect(answer.reasoning).toBe('The user wrote 12 characters. I will repeat them politely.');
      expect(answer.text).toBe(HELLO);
      expect(answer.usage.output).toBe(tokensOf(answer.reasoning).length + tokensOf(HELLO).length);
      expect(answer.signature !== null).toBe(name !== 'OpenAI chat');
    });

    it('describes the images that it was given', async () => {
      const image = `data:image/png;base64,${Buffer.alloc(123).toString('base64')}`;
      const answer = await ask({ model: 'vision', image });
      expect(answer.text).toBe('The Switchyard sandbox sees 1 image(s): image/png of 123 bytes.');
      expect(answer.usage.prompt).toBe(4 + 2 + 85);
    });

    it('stops at max_tokens with the finish for length', async () => {
      const answer = await ask({ maxTokens: 3 });
      expect(answer).toMatchObject({ text: 'Hello from the', finish: 'length' });
      expect(answer.usage.output).toBe(3);
    });

    it('stops before a stop sequence', async () => {
      // The Responses API has none.
      if (client === responses) return;
      expect(await ask({ stop: '!' })).toMatchObject({ text: 'Hello from the Switchyard sandbox', finish: 'stop' });
    });

    it('answers with JSON that fits the schema', async () => {
      const answer = await ask({ schema: WEATHER });
      expect(JSON.parse(answer.text)).toEqual({ city: 'Good morning', unit: 'c' });
    });

    it('reads a long prefix that it saw before from its cache', async () => {
      const text = `${name} ${stream} ${'long '.repeat(1500)}`;
      expect((await ask({ text, maxTokens: 1 })).usage.cached).toBe(0);
      expect((await ask({ text: `${text} and more`, maxTokens: 1 })).usage.cached).toBe(1408);
    });

    it('writes as many tokens to the socket as it reports', async () => {
      await simulator.clearBook();
      const answer = await ask({ model: 'reasoning' });
      const [entry] = await simulator.book();
      expect(entry).toMatchObject({ outputTokens: answer.usage.output, finish: 'stop', aborted: false, stream });
      expect(entry?.reported?.promptTokens).toBe(answer.usage.prompt);
    });
  });
});

it('answers after the result of a tool', async () => {
  const raw = await post('/v1/chat/completions', {
    model: 'tools',
    messages: [
      { role: 'user', content: 'Paris' },
      { role: 'assistant', content: null, tool_calls: [] },
      { role: 'tool', tool_call_id: 'x', content: '21 degrees' },
    ],
    tools: [{ type: 'function', function: { name: 'weather', parameters: WEATHER } }],
  });
  expect(raw).toContain('The Switchyard sandbox got this from the tool: 21 degrees');
});

it.each([
  ['/v1/chat/completions', { model: 'echo' }, 400],
  ['/v1/chat/completions', { model: 'gpt-99', messages: [{ role: 'user', content: 'x' }] }, 404],
  ['/v1/responses', { model: 'echo' }, 400],
  ['/v1/responses', { model: 'echo', input: 'x', store: true }, 400],
  ['/v1/responses', { model: 'gpt-99', input: 'x' }, 404],
  ['/v1/messages', { model: 'echo', messages: [{ role: 'user', content: 'x' }] }, 400],
  ['/v1beta/models/echo:generateContent', {}, 400],
  ['/v1beta/models/nope:generateContent', { contents: [{ parts: [{ text: 'x' }] }] }, 404],
  ['/v1/unknown', {}, 404],
])('refuses a bad request to %s with an error of the format', async (path, body, status) => {
  const response = await fetch(simulator.url + path, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(status);
  expect(await response.json()).toHaveProperty('error.message');
});
