import type { CatalogueEndpoint } from '@switchyard/contracts';
import { endpointOf, requestOf } from '../testing/builders.js';
import { renderRequest } from './request.js';

const render = (fields: Record<string, unknown> = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderRequest(requestOf(fields), { endpoint: endpointOf({ upstreamModel: 'gemini-x', ...endpoint }) });

describe('a request for Gemini', () => {
  it('is the smallest one', () => {
    expect(render()).toEqual({
      path: '/models/gemini-x:generateContent',
      headers: { 'content-type': 'application/json' },
      body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
      dropped: [],
    });
    expect(render({ stream: true }).path).toBe('/models/gemini-x:streamGenerateContent?alt=sse');
  });

  it('never lets a model name leave its place in the path', () => {
    expect(render({}, { upstreamModel: 'a/../b?x=1#y' }).path).toBe('/models/a%2F..%2Fb%3Fx%3D1%23y:generateContent');
    expect(render({}, { upstreamModel: 'models/gemini-x' }).path).toBe('/models/gemini-x:generateContent');
  });

  it('sends instructions, generation parameters and stops', () => {
    const { body, dropped } = render({
      messages: [
        { role: 'system', content: 'A' },
        { role: 'user', content: 'x' },
      ],
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
      seed: 4,
      stop: 'END',
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      logprobs: true,
      top_logprobs: 2,
      min_p: 0.1,
      logit_bias: { '1': 1 },
    });
    expect(body).toMatchObject({
      systemInstruction: { parts: [{ text: 'A' }] },
      generationConfig: {
        maxOutputTokens: 9,
        temperature: 0.5,
        topP: 0.9,
        topK: 3,
        seed: 4,
        stopSequences: ['END'],
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        responseLogprobs: true,
        logprobs: 2,
      },
    });
    expect([...dropped].sort()).toEqual(['logit_bias', 'min_p']);
  });

  it('sends tools with their schemas as they are, and the choice', () => {
    const parameters = {
      type: 'object',
      properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      additionalProperties: false,
    };
    const tools = [{ type: 'function', function: { name: 'f', description: 'd', parameters } }];
    expect(render({ tools, tool_choice: { type: 'function', function: { name: 'f' } } }).body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f', description: 'd', parametersJsonSchema: parameters }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    });
    for (const [choice, mode] of [
      ['none', 'NONE'],
      ['auto', 'AUTO'],
      ['required', 'ANY'],
    ])
      expect(render({ tools, tool_choice: choice }).body['toolConfig']).toEqual({ functionCallingConfig: { mode } });
  });

  it('answers calls by name and id, with the signatures where they came from', () => {
    const { body } = render({
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'assistant',
          content: null,
          reasoning_details: [
            { type: 'reasoning.text', text: 'hm', format: 'google-gemini-v1' },
            { type: 'reasoning.encrypted', id: 'c1', data: 'sig+/==', format: 'google-gemini-v1' },
            { type: 'reasoning.encrypted', data: 'foreign', format: 'anthropic-claude-v1' },
          ],
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'c2', type: 'function', function: { name: 'g', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '{"ok":true}' },
        {
          role: 'tool',
          tool_call_id: 'c2',
          content: [
            { type: 'text', text: 'plain' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
      ],
    });
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'c1', name: 'f', args: { a: 1 } }, thoughtSignature: 'sig+/==' },
          { functionCall: { id: 'c2', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c1', name: 'f', response: { ok: true } } },
          { functionResponse: { id: 'c2', name: 'g', response: { result: 'plain' } } },
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        ],
      },
    ]);
  });

  it('puts the signature of a text back to the text', () => {
    const { body } = render({
      messages: [
        {
          role: 'assistant',
          content: 'y',
          reasoning_details: [{ type: 'reasoning.encrypted', data: 's1', format: 'google-gemini-v1', index: 1 }],
        },
        { role: 'user', content: 'z' },
      ],
    });
    expect((body['contents'] as unknown[])[0]).toEqual({
      role: 'model',
      parts: [{ text: 'y', thoughtSignature: 's1' }],
    });
  });

  it('sends media by value and by address', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'https://x.test/a.webp?v=1' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB' } },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
      { type: 'video_url', video_url: { url: 'https://x.test/v' } },
    ];
    expect(render({ messages: [{ role: 'user', content }] }).body['contents']).toEqual([
      {
        role: 'user',
        parts: [
          { fileData: { mimeType: 'image/webp', fileUri: 'https://x.test/a.webp?v=1' } },
          { inlineData: { mimeType: 'application/pdf', data: 'BBBB' } },
          { inlineData: { mimeType: 'audio/mp3', data: 'CCCC' } },
          { fileData: { mimeType: 'video/mp4', fileUri: 'https://x.test/v' } },
        ],
      },
    ]);
  });

  it('asks for JSON, with and without a schema, and for pictures', () => {
    const schema = { type: 'object' };
    expect(
      render({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }).body['generationConfig'],
    ).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    });
    expect(render({ response_format: { type: 'json_object' } }).body['generationConfig']).toEqual({
      responseMimeType: 'application/json',
    });
    expect(
      render({ modalities: ['image', 'text'], image_config: { aspect_ratio: '16:9', other: 1 } }).body[
        'generationConfig'
      ],
    ).toEqual({
      responseModalities: ['IMAGE', 'TEXT'],
      imageConfig: { aspectRatio: '16:9' },
    });
  });

  it.each([
    [{ effort: 'high' }, [], { includeThoughts: true, thinkingBudget: 8000 }],
    [{ max_tokens: 77 }, [], { includeThoughts: true, thinkingBudget: 77 }],
    [{ effort: 'high', exclude: true }, [], { includeThoughts: false, thinkingBudget: 8000 }],
    [{ enabled: false }, [], { thinkingBudget: 0 }],
    [{ effort: 'max' }, ['high', 'low'], { includeThoughts: true, thinkingLevel: 'high' }],
    [{ effort: 'none' }, ['high', 'low', 'minimal'], { thinkingLevel: 'minimal' }],
    [{ max_tokens: 2000 }, ['high', 'medium', 'low'], { includeThoughts: true, thinkingLevel: 'low' }],
  ])('reasoning %j for efforts %j', (reasoning, efforts, expected) => {
    const endpoint = { reasoning: { mandatory: false, efforts, defaultEffort: null, maxTokens: false } };
    expect(render({ max_tokens: 10_000, reasoning }, endpoint).body['generationConfig']).toMatchObject({
      thinkingConfig: expected,
    });
  });

  it('leaves a mandatory thinker alone', () => {
    const endpoint = { reasoning: { mandatory: true, efforts: [], defaultEffort: null, maxTokens: false } };
    expect(render({ reasoning: { enabled: false } }, endpoint).body).not.toHaveProperty('generationConfig');
  });
});
