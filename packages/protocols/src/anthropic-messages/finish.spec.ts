import { parseResponse } from './response.js';

const answer = (stop_reason: string, rest: object = {}) =>
  parseResponse({
    type: 'message',
    content: [{ type: 'text', text: 'So far' }],
    stop_reason,
    usage: { input_tokens: 1, output_tokens: 1 },
    ...rest,
  });

describe('why Claude stops', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['novelty', 'stop'],
  ])('%s is %s, and stays readable', (native, reason) => {
    expect(answer(native).at(-1)).toEqual({ type: 'finish', choice: 0, reason, nativeReason: native });
  });

  it('says why it refuses, where it says it', () => {
    const details = { stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' } };
    expect(answer('refusal', details)).toContainEqual({ type: 'refusal-delta', choice: 0, text: 'Not this.' });
    expect(answer('refusal', { stop_details: null }).some(({ type }) => type === 'refusal-delta')).toBe(false);
  });
});
