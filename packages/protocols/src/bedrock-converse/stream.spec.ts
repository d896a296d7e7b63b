import { collect, collectStream } from '../testing/collect.js';
import { cut } from '../testing/chunks.js';
import { encodeEvent } from '../testing/event-stream.js';
import { bedrockConverse } from './index.js';

const start = encodeEvent('messageStart', { role: 'assistant' });
const delta = (index: number, value: object) =>
  encodeEvent('contentBlockDelta', { contentBlockIndex: index, delta: value });
const stop = (stopReason: string) => encodeEvent('messageStop', { stopReason });
const metadata = (usage: object, more: object = {}) => encodeEvent('metadata', { usage, ...more });
const read = (...messages: Buffer[]) => collectStream(bedrockConverse.parseStream(cut(Buffer.concat(messages), [11])));

const block = (content: object[], usage: object = {}) =>
  collect(
    bedrockConverse.parseResponse({
      output: { message: { role: 'assistant', content } },
      stopReason: 'end_turn',
      usage,
    }),
  );

describe('streams of Converse', () => {
  it('pass tools that Bedrock runs itself in silence, and count its searches', async () => {
    const search = { toolUseId: 's', name: 'nova_grounding', type: 'server_tool_use' };
    const collected = await read(
      start,
      encodeEvent('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: search } }),
      delta(0, { toolUse: { input: '{"query":"x"}' } }),
      encodeEvent('contentBlockStop', { contentBlockIndex: 0 }),
      encodeEvent('contentBlockStart', {
        contentBlockIndex: 1,
        start: { toolResult: { toolUseId: 's', type: 'nova_grounding_result' } },
      }),
      delta(1, { toolResult: [{ text: 'hidden' }] }),
      delta(2, { text: 'Found.' }),
      stop('end_turn'),
      metadata({ inputTokens: 1, outputTokens: 2 }),
    );
    expect(collected).toMatchObject({ text: 'Found.', tools: [], usage: { searches: 1 } });
    expect(
      block([{ toolUse: { ...search, input: { query: 'x' } } }, { text: 'Found.' }], { inputTokens: 1 }),
    ).toMatchObject({
      tools: [],
      usage: { searches: 1 },
    });
  });

  it('keep apart what is cached for minutes and for an hour, and know the tier that served', async () => {
    const usage = {
      inputTokens: 3,
      outputTokens: 4,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 50,
      cacheDetails: [
        { inputTokens: 20, ttl: '1h' },
        { inputTokens: 30, ttl: '5m' },
      ],
      totalTokens: 157,
    };
    const { usage: read1 } = await read(
      start,
      delta(0, { text: 'x' }),
      stop('end_turn'),
      metadata(usage, { serviceTier: { type: 'flex' } }),
    );
    expect(read1).toMatchObject({
      inputTokens: 3,
      cacheReadTokens: 100,
      cacheWriteTokens: 30,
      cacheWrite1hTokens: 20,
      outputTokens: 4,
      serviceTier: 'flex',
    });
  });

  it.each([
    ['stop_sequence', 'stop'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content_filter'],
    ['malformed_tool_use', 'error'],
    ['something_new', 'stop'],
  ])('end with %s as %s', async (native, finish) => {
    expect(await read(start, delta(0, { text: 'x' }), stop(native))).toMatchObject({ finish, nativeFinish: native });
  });

  it('are complete with the stop reason, and still wait for the usage', () => {
    const reader = bedrockConverse.createStreamReader();
    const frame = (event: string, data: object) => ({ event, data: JSON.stringify(data), partial: false });
    reader.read(frame('messageStop', { stopReason: 'end_turn' }));
    expect([reader.terminal, reader.done]).toEqual([true, false]);
    reader.read(frame('metadata', { usage: { inputTokens: 1, outputTokens: 1 } }));
    expect([reader.terminal, reader.done]).toEqual([true, true]);
    expect(reader.read(frame('contentBlockDelta', { delta: { text: 'late' } }))).toEqual([]);
  });

  it('carry thoughts that are encrypted to the byte', async () => {
    const redacted = { reasoningContent: { redactedContent: 'AbC+/==' } };
    const streamed = await read(start, delta(0, redacted), delta(1, { text: 'x' }), stop('end_turn'));
    expect(streamed.signatures).toEqual(['AbC+/==']);
    expect(block([redacted, { text: 'x' }]).signatures).toEqual(['AbC+/==']);
  });

  it('carry images', () => {
    const events = bedrockConverse.parseResponse({
      output: { message: { content: [{ image: { format: 'webp', source: { bytes: 'AAAA' } } }] } },
      stopReason: 'end_turn',
    });
    expect(events).toContainEqual({ type: 'image-delta', choice: 0, mediaType: 'image/webp', data: 'AAAA' });
  });

  it('may be a plain body in place of a stream: an answer, or an error', async () => {
    const answer = {
      output: { message: { content: [{ text: 'whole' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 1 },
    };
    expect(await read(Buffer.from(JSON.stringify(answer)))).toMatchObject({
      text: 'whole',
      finish: 'stop',
      finishes: 1,
    });
    const error = { __type: 'com.amazon.coral.service#ThrottlingException', message: 'Wait.' };
    expect(await read(Buffer.from(JSON.stringify(error)))).toMatchObject({
      finish: null,
      failure: { code: 'upstream_rate_limited' },
    });
  });
});
