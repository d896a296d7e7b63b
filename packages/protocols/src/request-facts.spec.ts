import { dialectOf, requestFacts } from './index.js';
import { requestOf } from './testing/builders.js';

describe('requestFacts', () => {
  it('counts bytes, not characters, of all that becomes prompt tokens', () => {
    expect(requestFacts(requestOf({ messages: [{ role: 'user', content: 'ü世' }] }))).toEqual({
      inputModalities: ['text'],
      outputModalities: ['text'],
      promptBytes: 5,
      messages: 1,
      tools: 0,
      images: 0,
      structured: false,
      audioBytes: 0,
      openEnded: false,
    });
  });

  it('counts tools, schemas, calls and reasoning, and pictures by piece', () => {
    const facts = requestFacts(
      requestOf({
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
        response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
        modalities: ['text', 'image'],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(10_000)}` } },
              { type: 'file', file: { file_data: 'data:application/pdf;base64,BBBB' } },
            ],
          },
          {
            role: 'assistant',
            content: null,
            reasoning: 'r'.repeat(100),
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: 'x'.repeat(200) } }],
          },
        ],
      }),
    );
    expect(facts).toMatchObject({
      inputModalities: ['file', 'image', 'text'],
      outputModalities: ['image', 'text'],
      tools: 1,
      structured: true,
      images: 1,
      messages: 2,
    });
    expect(facts.promptBytes).toBeGreaterThan(300);
    expect(facts.promptBytes).toBeLessThan(1000);
  });

  it('counts what only a provider of the same format reads', () => {
    const parse = (fields: object) =>
      requestFacts(dialectOf('openai-responses').parseRequest({ model: 'm', input: 'Hi', ...fields })).promptBytes;
    const plain = parse({});
    const item = { type: 'custom_tool_call_output', call_id: 'c', output: 'ü'.repeat(1000) };
    expect(parse({ input: [{ role: 'user', content: 'Hi' }, item] })).toBeGreaterThan(plain + 2000);
    expect(parse({ tools: [{ type: 'custom', name: 'c', description: 'd'.repeat(500) }] })).toBeGreaterThan(
      plain + 500,
    );
  });

  const partsOf = (...content: object[]) => requestFacts(requestOf({ messages: [{ role: 'user', content }] }));

  it('measures recordings whose length is bounded by their bytes, and takes others for open-ended', () => {
    const audio = (format: string) => ({ type: 'input_audio', input_audio: { data: 'A'.repeat(4_000), format } });
    expect(partsOf(audio('wav'), audio('MP3'))).toMatchObject({ audioBytes: 8_000, openEnded: false, promptBytes: 0 });
    for (const format of ['flac', 'opus', 'ogg', 'm4a'])
      expect(partsOf(audio(format))).toMatchObject({ audioBytes: 0, openEnded: true });
  });

  it('takes video and documents for open-ended, wherever they come from, and plain text for what it is', () => {
    const file = (file_data: string) => ({ type: 'file', file: { file_data } });
    for (const part of [
      { type: 'video_url', video_url: { url: 'https://example.org/film.mp4' } },
      { type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } },
      { type: 'file', file: { file_id: 'f' } },
      file('https://example.org/book.pdf'),
      file('data:application/pdf;base64,AAAA'),
    ])
      expect(partsOf(part)).toMatchObject({ openEnded: true, promptBytes: 0 });
    expect(partsOf(file('data:text/plain;base64,AAAABBBB'))).toMatchObject({ openEnded: false, promptBytes: 8 });
    const image = { type: 'image_url', image_url: { url: 'https://example.org/large.png' } };
    expect(partsOf(image)).toMatchObject({ openEnded: false, images: 1 });
  });

  it('counts what a tokenizer that normalises its text would see', () => {
    expect(partsOf({ type: 'text', text: '\uFDFA' }).promptBytes).toBe(33);
    expect(partsOf({ type: 'text', text: '\u00E9' }).promptBytes).toBe(2);
    // What normalisation makes shorter may also be read as it is.
    expect(partsOf({ type: 'text', text: 'e\u0301' }).promptBytes).toBe(3);
  });
});
