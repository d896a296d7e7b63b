import { requestFacts } from './index.js';
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
    });
  });

  it('counts tools, schemas, calls and reasoning, and pictures by piece', () => {
    const facts = requestFacts(
      requestOf({
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
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
      images: 1,
      messages: 2,
    });
    expect(facts.promptBytes).toBeGreaterThan(300);
    expect(facts.promptBytes).toBeLessThan(1000);
  });
});
