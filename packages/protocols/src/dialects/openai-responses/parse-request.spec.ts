import { GatewayError } from '@switchyard/contracts';
import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { dialectOf } from '../../index.js';
import { billing, context } from '../../testing/builders.js';

const dialect = dialectOf('openai-responses');
const parse = (fields: Record<string, unknown>) => dialect.parseRequest({ model: 'author/model', ...fields });

describe('the body of POST /responses', () => {
  it('becomes the canonical request', () => {
    const request = parse({
      instructions: 'Be brief.',
      input: 'Hello',
      max_output_tokens: 20,
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto' },
      tools: [
        { type: 'function', name: 'find', parameters: { type: 'object' }, strict: true },
        { type: 'web_search_preview' },
        { type: 'code_interpreter', container: { type: 'auto' } },
      ],
      tool_choice: { type: 'function', name: 'find' },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      store: false,
      metadata: { a: 'b' },
    });
    expect(request).toMatchObject({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      ],
      maxTokens: 20,
      responseFormat: { type: 'json_schema', name: 'n', strict: true },
      verbosity: 'low',
      reasoning: { effort: 'high', summary: 'auto' },
      tools: [{ name: 'find', strict: true }],
      toolChoice: { name: 'find' },
      logprobs: true,
      webSearchOptions: {},
    });
    expect(request.echo).toMatchObject({ instructions: 'Be brief.', metadata: { a: 'b' } });
  });

  it('puts reasoning, text and calls of one turn together, and results after it', () => {
    const { messages } = parse({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_image', image_url: 'https://x.test/i.png', detail: 'low' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'why' }], encrypted_content: 'ZW5j' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b', annotations: [] }] },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'web_search_call', id: 'ws', status: 'completed' },
        { type: 'function_call', call_id: 'c2', name: 'g', arguments: '' },
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
        { type: 'message', role: 'developer', content: 'c' },
        {
          role: 'user',
          content: [{ type: 'input_file', filename: 'f.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }],
        },
      ],
    });
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image', source: { kind: 'url', url: 'https://x.test/i.png' }, detail: 'low' },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'b' }],
        toolCalls: [
          { id: 'c1', name: 'f', arguments: '{}' },
          { id: 'c2', name: 'g', arguments: '' },
        ],
        reasoning: [
          { type: 'reasoning.summary', summary: 'why', id: 'rs_1', format: 'openai-responses-v1' },
          { type: 'reasoning.encrypted', data: 'ZW5j', id: 'rs_1', format: 'openai-responses-v1' },
        ],
      },
      { role: 'tool', toolCallId: 'c1', content: [{ type: 'text', text: 'one' }] },
      { role: 'tool', toolCallId: 'c2', content: [{ type: 'text', text: 'two' }] },
      { role: 'developer', content: [{ type: 'text', text: 'c' }] },
      {
        role: 'user',
        content: [
          {
            type: 'file',
            filename: 'f.pdf',
            source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' },
          },
        ],
      },
    ]);
  });

  it('repeats what is stored, and asks no provider for it', () => {
    const { echo, extra } = dialect.parseRequest({
      model: 'a/b',
      input: 'x',
      store: true,
      previous_response_id: 'gen-1',
    });
    expect(echo).toMatchObject({ store: true, previous_response_id: 'gen-1' });
    expect(extra).toEqual({});
    const silent = dialect.parseRequest({
      model: 'a/b',
      input: 'x',
      store: null,
      previous_response_id: null,
    });
    expect(silent.echo).toEqual({});
  });

  it.each([
    ['a conversation that is stored elsewhere', { input: 'x', conversation: 'conv_1' }, 'conversation'],
    ['no id of a response', { input: 'x', previous_response_id: 7 }, 'previous_response_id'],
    ['storing that is neither on nor off', { input: 'x', store: 'yes' }, 'store'],
    ['the background', { input: 'x', background: true }, 'background'],
    ['a reference to what is not stored', { input: [{ type: 'item_reference', id: 'x' }] }, 'input[0].type'],
    ['an item that nobody knows', { input: [{ type: 'hologram' }] }, 'input[0].type'],
    ['no input', {}, 'input'],
    [
      'an image of the server',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'file:///etc/passwd' }] }] },
      'input[0].content[0].image_url',
    ],
    [
      'arguments that are no text',
      { input: [{ type: 'function_call', call_id: 'a', name: 'b', arguments: {} }] },
      'input[0].arguments',
    ],
    ['a tool without a name', { input: 'x', tools: [{ type: 'function' }] }, 'tools[0].name'],
    ['no tokens', { input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
  ])('refuses %s and names the place', (_, fields, place) => {
    let fault: unknown;
    try {
      parse(fields);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(GatewayError);
    expect((fault as GatewayError).message).toContain(`${place}:`);
  });
});

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
  const answerTo = (fields: Record<string, unknown>, said: readonly CompletionEvent[]) => {
    const renderer = dialect.createResponseRenderer(context, parse({ input: 'x', ...fields }));
    for (const event of said) renderer.add(event);
    return JSON.parse(Buffer.from(renderer.render(billing)).toString('utf8')) as { output: { type: string }[] };
  };

  it.each([{ exclude: false }, { exclude: true }])('comes back byte for byte: %p', ({ exclude }) => {
    const { output } = answerTo({ reasoning: { exclude } }, events);
    if (exclude) expect(JSON.stringify(output)).not.toContain('Let me think.');
    const [message] = parse({ input: output }).messages;
    expect(message).toMatchObject({
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi' }],
      toolCalls: [{ id: 't1', name: 'find', arguments: '{"q":1}' }],
      reasoning: [
        { type: 'reasoning.text', text: 'Let me think.', signature: 'c2ln', format: 'anthropic-claude-v1' },
        { type: 'reasoning.encrypted', data: 'Z2Vt', id: 't1', format: 'google-gemini-v1' },
      ],
    });
  });

  it('of OpenAI itself goes out and in as it was', () => {
    const own = { id: 'rs_9', format: 'openai-responses-v1' } as const;
    const { output } = answerTo({}, [
      thought({ ...own, type: 'reasoning.summary', summary: 'why' }),
      thought({ ...own, type: 'reasoning.encrypted', data: 'ZW5j' }),
      { type: 'finish', choice: 0, reason: 'stop', nativeReason: null },
    ]);
    expect(output).toEqual([
      { id: 'rs_9', type: 'reasoning', summary: [{ type: 'summary_text', text: 'why' }], encrypted_content: 'ZW5j' },
    ]);
    expect(parse({ input: output }).messages[0]).toMatchObject({
      reasoning: [
        { ...own, type: 'reasoning.summary', summary: 'why' },
        { ...own, type: 'reasoning.encrypted', data: 'ZW5j' },
      ],
    });
  });
});
