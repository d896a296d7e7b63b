import { lastEvents, modelOf, readRequest, tokenEvent, wholeAnswer } from './answers.js';

const pace = { tokens: 3, tokensPerSecond: 20, latencyMs: 5 };
const body = (content: string, rest: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }], model: modelOf(pace), ...rest }));

describe('the upstream of the benchmark', () => {
  it.each([20, 1_000_000])('reads what is asked for from a prompt of %i bytes', (bytes) => {
    expect(readRequest(body('x'.repeat(bytes)))).toEqual({ pace, stream: false });
    expect(readRequest(body('x'.repeat(bytes), { stream: true }))).toEqual({ pace, stream: true });
  });

  it('does not know other models', () => {
    expect(readRequest(Buffer.from('{"model":"gpt-5"}'))).toBeNull();
  });

  it('answers in the form of chat completions, with usage, whole and streamed', () => {
    expect(JSON.parse(wholeAnswer(3))).toMatchObject({
      choices: [{ message: { content: 'word word word ' }, finish_reason: 'stop' }],
      usage: { completion_tokens: 3, total_tokens: 12 },
    });
    const events = [tokenEvent(0), tokenEvent(1), tokenEvent(2), lastEvents(3)].join('').split('\n\n').filter(Boolean);
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe('word word word ');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });
});
