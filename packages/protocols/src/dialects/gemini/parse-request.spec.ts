import { GatewayError } from '@switchyard/contracts';
import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { dialectOf, renderUpstream } from '../../index.js';
import { billing, context, endpointOf } from '../../testing/builders.js';

const dialect = dialectOf('gemini');
const parse = (fields: Record<string, unknown>) => dialect.parseRequest({ model: 'models/author/model', ...fields });
const say = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] });

describe('the body of generateContent', () => {
  it('becomes the canonical request, in either spelling of its fields', () => {
    const camel = {
      ...say('Hello'),
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      generationConfig: {
        maxOutputTokens: 50,
        candidateCount: 2,
        topK: 4,
        stopSequences: ['END'],
        responseMimeType: 'application/json',
        responseSchema: {
          type: 'OBJECT',
          properties: { type: { type: 'STRING', nullable: true }, list: { type: 'ARRAY', items: { type: 'INTEGER' } } },
        },
        thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
      },
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['find'] } },
      tools: [
        { functionDeclarations: [{ name: 'find', parameters: { type: 'OBJECT', properties: {} } }] },
        { googleSearch: {} },
      ],
    };
    const snake = {
      ...say('Hello'),
      system_instruction: 'Be brief.',
      generation_config: {
        max_output_tokens: 50,
        candidate_count: 2,
        top_k: 4,
        stop_sequences: ['END'],
        response_mime_type: 'application/json',
        response_schema: camel.generationConfig.responseSchema,
        thinking_config: { thinking_budget: 1024, include_thoughts: true },
      },
      tool_config: { function_calling_config: { mode: 'any', allowed_function_names: ['find'] } },
      tools: [
        { function_declarations: [{ name: 'find', parameters: { type: 'OBJECT', properties: {} } }] },
        { google_search: {} },
      ],
    };
    const expected = {
      models: ['author/model'],
      maxTokens: 50,
      n: 2,
      topK: 4,
      stop: ['END'],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      ],
      responseFormat: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { type: { type: ['string', 'null'] }, list: { type: 'array', items: { type: 'integer' } } },
        },
      },
      reasoning: { enabled: true, maxTokens: 1024 },
      toolChoice: { name: 'find' },
      tools: [{ name: 'find', parameters: { type: 'object', properties: {} } }],
      webSearchOptions: {},
    };
    expect(parse(camel)).toMatchObject(expected);
    expect(parse(snake)).toMatchObject(expected);
    expect(parse(snake).parameters.toSorted()).toEqual(parse(camel).parameters.toSorted());
  });

  it('gives calls ids, and results those of their calls', () => {
    const call = (name: string, n: number) => ({ functionCall: { name, args: { n } } });
    const result = (name: string, value: unknown) => ({ functionResponse: { name, response: { result: value } } });
    const { messages } = parse({
      contents: [
        {
          role: 'model',
          parts: [call('a', 1), call('b', 2), call('a', 3), { functionCall: { id: 'own', name: 'a' } }],
        },
        {
          role: 'user',
          parts: [
            result('b', 'two'),
            result('a', { one: 1 }),
            result('a', 3),
            { functionResponse: { id: 'own', name: 'a', response: { x: 1 } } },
          ],
        },
      ],
    });
    expect(messages[0]).toMatchObject({
      toolCalls: [{ id: 'call_1' }, { id: 'call_2' }, { id: 'call_3' }, { id: 'own', arguments: '{}' }],
    });
    expect(messages.slice(1)).toMatchObject([
      { role: 'tool', toolCallId: 'call_2', content: [{ text: 'two' }] },
      { role: 'tool', toolCallId: 'call_1', content: [{ text: '{"one":1}' }] },
      { role: 'tool', toolCallId: 'call_3', content: [{ text: '3' }] },
      { role: 'tool', toolCallId: 'own', content: [{ text: '{"x":1}' }] },
    ]);
    expect(messages).toHaveLength(5);
  });

  it('reads media by what they are', () => {
    const { messages } = parse({
      contents: {
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AA==' } },
          { inline_data: { mime_type: 'audio/wav', data: 'AA==' } },
          { fileData: { mimeType: 'video/mp4', fileUri: 'https://x.test/v.mp4' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'files/abc' } },
        ],
      },
    });
    expect(messages[0]?.content).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
      { type: 'audio', data: 'AA==', format: 'wav' },
      { type: 'video', source: { kind: 'url', url: 'https://x.test/v.mp4' } },
      { type: 'file', source: { kind: 'id', id: 'files/abc' } },
    ]);
  });

  it.each([
    ['no contents', {}, 'contents'],
    ['an unknown role', { contents: [{ role: 'robot', parts: [] }] }, 'contents'],
    ['a number as text', { contents: [{ role: 'user', parts: [{ text: 5 }] }] }, 'contents'],
    [
      'a mode that nobody knows',
      { ...say('x'), toolConfig: { functionCallingConfig: { mode: 'SOMETIMES' } } },
      'toolConfig',
    ],
    ['no tokens at all', { ...say('x'), generationConfig: { maxOutputTokens: 0 } }, 'generationConfig.maxOutputTokens'],
    [
      'a function without a name',
      { ...say('x'), tools: [{ functionDeclarations: [{}] }] },
      'tools[0].functionDeclarations[0].name',
    ],
  ])('refuses %s in Google’s own form', (_, fields, place) => {
    let fault: unknown;
    try {
      parse(fields);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(GatewayError);
    expect((fault as GatewayError).message).toContain(place);
    expect(dialect.renderError(fault as GatewayError)).toMatchObject({
      status: 400,
      body: { error: { code: 400, status: 'INVALID_ARGUMENT' } },
    });
  });
});

/** What a client sends back when it returns the turn that it got. */
function sentBack(events: readonly CompletionEvent[], { shown, stream }: { shown: boolean; stream: boolean }) {
  const request = parse({ ...say('x'), generationConfig: { thinkingConfig: { includeThoughts: shown } } });
  let parts: unknown[];
  if (stream) {
    const renderer = dialect.createStreamRenderer(context, request);
    const text = events.map((event) => renderer.render(event)).join('');
    parts = text
      .split('\r\n\r\n')
      .filter(Boolean)
      .flatMap(
        (chunk) =>
          (JSON.parse(chunk.slice('data: '.length)) as { candidates: { content: { parts: unknown[] } }[] })
            .candidates[0]!.content.parts,
      );
  } else {
    const renderer = dialect.createResponseRenderer(context, request);
    for (const event of events) renderer.add(event);
    const body = JSON.parse(Buffer.from(renderer.render(billing)).toString('utf8')) as {
      candidates: { content: { parts: unknown[] } }[];
    };
    parts = body.candidates[0]!.content.parts;
  }
  const [message] = parse({ contents: [{ role: 'model', parts }] }).messages;
  return message?.role === 'assistant' ? message : null;
}

describe('reasoning that its maker wants back', () => {
  const thought = (detail: ReasoningDetail): CompletionEvent => ({ type: 'reasoning-delta', choice: 0, detail });
  const claude = { format: 'anthropic-claude-v1', index: 0 } as const;
  const events: CompletionEvent[] = [
    thought({ ...claude, type: 'reasoning.text', text: 'Let me ' }),
    thought({ ...claude, type: 'reasoning.text', text: 'think.' }),
    thought({ ...claude, type: 'reasoning.text', text: '', signature: 'c2ln' }),
    { type: 'text-delta', choice: 0, text: 'Hi' },
    { type: 'tool-call-start', choice: 0, index: 0, id: 't1', name: 'find', signature: 'Z2Vt' },
    { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"q":1}' },
    { type: 'finish', choice: 0, reason: 'tool_calls', nativeReason: 'tool_use' },
  ];

  it.each([
    { shown: true, stream: true },
    { shown: false, stream: true },
    { shown: true, stream: false },
    { shown: false, stream: false },
  ])('comes back byte for byte: %p', (how) => {
    const message = sentBack(events, how)!;
    expect(message.reasoning).toMatchObject([
      { type: 'reasoning.text', text: 'Let me think.', signature: 'c2ln', format: 'anthropic-claude-v1' },
    ]);
    expect(message.content).toEqual([{ type: 'text', text: 'Hi' }]);
    expect(message.toolCalls).toEqual([{ id: 't1', name: 'find', arguments: '{"q":1}', signature: 'Z2Vt' }]);
  });

  it('never reaches Google when another made it', () => {
    const request = parse({ ...say('x'), generationConfig: { thinkingConfig: { includeThoughts: true } } });
    const renderer = dialect.createResponseRenderer(context, request);
    for (const event of events) renderer.add(event);
    const { candidates } = JSON.parse(Buffer.from(renderer.render(billing)).toString('utf8')) as {
      candidates: { content: object }[];
    };
    const body = { model: 'models/author/model', contents: [candidates[0]!.content] };
    const { body: sent } = renderUpstream(dialect.parseRequest(body), body, 'gemini', 'gemini', {
      endpoint: endpointOf(),
    });
    expect(sent['contents']).toEqual([
      {
        role: 'model',
        parts: [{ text: 'Hi' }, { functionCall: { id: 't1', name: 'find', args: { q: 1 } }, thoughtSignature: 'Z2Vt' }],
      },
    ]);
    expect(sent).not.toHaveProperty('model');
  });
});
