import { createLane, dialectOf, protocolOf } from '../index.js';
import { billing, context } from '../testing/builders.js';
import { cut, joined, through } from '../testing/chunks.js';
import { collectStream } from '../testing/collect.js';
import { encodeEvent, encodeException } from '../testing/event-stream.js';
import { fixtureOf } from '../testing/fixtures.js';

const chunk = (value: unknown): Buffer =>
  encodeEvent('chunk', { bytes: Buffer.from(JSON.stringify(value)).toString('base64'), p: 'abc' });
const begun = Buffer.concat([
  chunk({ type: 'message_start', message: { id: 'm', usage: { input_tokens: 3, output_tokens: 1 } } }),
  chunk({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  chunk({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße 世' } }),
]);
const messagesLane = () =>
  createLane({
    dialect: 'anthropic-messages',
    protocol: 'anthropic-bedrock',
    context,
    request: dialectOf('anthropic-messages').parseRequest({
      model: 'author/model',
      max_tokens: 10,
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  });

describe('an answer of Claude on Bedrock', () => {
  it.each([
    ['throttlingException', 'Too many requests', 'upstream_rate_limited'],
    ['modelStreamErrorException', 'The model broke.', 'upstream_error'],
    ['serviceUnavailableException', 'Service unavailable', 'upstream_overloaded'],
    ['validationException', 'prompt is too long', 'context_length_exceeded'],
  ])('ends with the exception that the service throws: %s', async (type, message, code) => {
    const bytes = Buffer.concat([begun, encodeException(type, message)]);
    const collected = await collectStream(protocolOf('anthropic-bedrock').parseStream(cut(bytes, [7])));
    expect(collected).toMatchObject({ text: 'Grüße 世', finish: null, failure: { code, providerCode: type } });
    const lane = messagesLane();
    expect((await joined(through(lane, cut(bytes, [7])))).toString()).toContain('Grüße 世');
    expect(lane.summary.failure).toMatchObject({ code });
  });

  it('reaches clients of Anthropic as the events that Anthropic would have sent', async () => {
    const lane = messagesLane();
    const sent = await joined(through(lane, cut(fixtureOf('anthropic-bedrock', 'reasoning.sse'), [33])));
    const events = fixtureOf('anthropic-messages', 'reasoning.sse').toString().split('\n\n');
    for (const event of events.filter((one) => one.startsWith('event: content_block')))
      expect(sent.toString()).toContain(event.trimEnd());
    expect(lane.summary).toMatchObject({ terminal: true, failure: null });
    expect(Buffer.from(lane.renderEnd(billing)).toString()).toContain('"stop_reason":"end_turn"');
  });
});
