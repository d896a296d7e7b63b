import { PROTOCOL_IDS } from '@switchyard/contracts';
import type { ProtocolId } from '@switchyard/contracts';
import fc from 'fast-check';
import { laneOf } from '../testing/builders.js';
import { eventsOf } from '../testing/client-schemas.js';
import { cut, joined, through } from '../testing/chunks.js';
import { fixtureOf } from '../testing/fixtures.js';

const run = async (protocol: ProtocolId, bytes: Uint8Array, sizes: readonly number[] = [bytes.length]) => {
  const lane = laneOf(protocol);
  const output = await joined(through(lane, cut(bytes, sizes)));
  return { output, events: eventsOf(output), summary: lane.summary };
};

const MEGABYTE = 1024 * 1024;
const openaiFrame = (content: string): string =>
  `data: {"id":"x","choices":[{"index":0,"delta":{"content":${content}},"finish_reason":null}]}\n\n`;

describe('an upstream as attacker', () => {
  it.each(PROTOCOL_IDS)('%s: any bytes at all, never a throw and never a complete answer', async (protocol) => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .constantFrom(
          'data: ',
          '\n\n',
          '\r\n',
          'event: error\n',
          '[DONE]',
          '{"choices":',
          '[[[[',
          '"',
          '\\',
          ': x\n',
          '\ufeff',
          '\0',
        )
        .map((text) => Buffer.from(text)),
      fc.jsonValue().map((value) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), async (pieces, size) => {
        const bytes = Buffer.concat(pieces);
        const whole = await run(protocol, bytes);
        const cutUp = await run(protocol, bytes, [size]);
        expect(cutUp.output.equals(whole.output)).toBe(true);
        expect(cutUp.summary.failure).toEqual(whole.summary.failure);
        expect(whole.summary.terminal).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it.each(PROTOCOL_IDS)('%s: bodies of any JSON, never a throw', (protocol) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        laneOf(protocol).response(JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });

  it.each(PROTOCOL_IDS)('%s: answers whose fields have the wrong types', async (protocol) => {
    const names = [
      'choices',
      'delta',
      'message',
      'content',
      'tool_calls',
      'function',
      'index',
      'type',
      'usage',
      'candidates',
      'parts',
      'text',
      'functionCall',
      'partialArgs',
      'usageMetadata',
      'content_block',
      'error',
      'reasoning_details',
      'images',
      'groundingMetadata',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, 0, -1, 1e308, '', 'text', 'tool_use', 'content_block_start', 'content_block_delta'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 6 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { maxLength: 6 }), async (values) => {
        const bytes = Buffer.from(values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(''));
        await run(protocol, bytes);
        laneOf(protocol).response(JSON.stringify(values[0] ?? null));
      }),
      { numRuns: 500 },
    );
  });

  it.each(PROTOCOL_IDS)('%s: a line or event without end is a failure, however it comes', async (protocol) => {
    const endless = [
      Buffer.concat([Buffer.from('data: "'), Buffer.alloc(11 * MEGABYTE, 'a')]),
      Buffer.concat([Buffer.from('data: "'), Buffer.alloc(11 * MEGABYTE, 'a'), Buffer.from('"\n\n')]),
      Buffer.from(`data: ${'x'.repeat(1000)}\n`.repeat(11_000)),
      Buffer.concat([Buffer.from('[{"a":"'), Buffer.alloc(11 * MEGABYTE, 'a')]),
    ];
    for (const bytes of endless)
      for (const size of [bytes.length, 100_000]) {
        const { summary, output } = await run(protocol, bytes, [size]);
        expect(summary.failure?.code).toBe('upstream_invalid_response');
        expect(output).toHaveLength(0);
      }
  });

  it('lets an event of nine megabytes through', async () => {
    const big = 'b'.repeat(9 * MEGABYTE);
    const { output, summary } = await run('openai-chat', Buffer.from(openaiFrame(JSON.stringify(big))), [65_000]);
    expect(output.length).toBeGreaterThan(9 * MEGABYTE);
    expect(summary.outputCharacters).toBe(9 * MEGABYTE);
  });

  it.each(PROTOCOL_IDS)('%s: JSON nested too deep to be written again', async (protocol) => {
    const bomb = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const frames = [
      openaiFrame(`"x","deep":${bomb}`),
      `data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"a":${bomb}}}}\n\n`,
      `data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":${bomb}}}}]}}]}\n\n`,
    ].join('');
    const { summary } = await run(protocol, Buffer.from(frames));
    expect(summary.terminal).toBe(false);
    laneOf(protocol).response(`{"content":[],"candidates":[],"choices":[{"message":{"content":"x","deep":${bomb}}}]}`);
  });

  it.each(PROTOCOL_IDS)('%s: an HTML page with status 200', async (protocol) => {
    const { summary, output } = await run(protocol, Buffer.from('\n <html><body>Sign in</body></html>'), [3]);
    expect(summary.failure).toMatchObject({ code: 'upstream_invalid_response', retryable: true });
    expect(summary.failure?.raw).toContain('<html>');
    expect(output).toHaveLength(0);
  });

  it('bytes that are no UTF-8 become replacement characters, the same at every cut', async () => {
    const broken = Buffer.concat([
      Buffer.from(openaiFrame('"a"')),
      Buffer.from('data: {"id":"x","choices":[{"index":0,"delta":{"content":"'),
      Buffer.from([0xe4, 0xb8, 0xff, 0xc3]),
      Buffer.from('"},"finish_reason":null}]}\n\n'),
    ]);
    const whole = await run('openai-chat', broken);
    expect((await run('openai-chat', broken, [1])).output.equals(whole.output)).toBe(true);
    expect(new TextDecoder('utf-8', { fatal: true }).decode(whole.output)).toContain('\ufffd');
  });

  it('many empty deltas are not held in memory for ever', async () => {
    const noise = openaiFrame('""').repeat(20_000);
    const { output } = await run('openai-chat', Buffer.from(noise + openaiFrame('"x"')));
    expect(output.length).toBeLessThan(70_000);
  });

  it.each(PROTOCOL_IDS)('%s: usage that cannot be is no usage', (protocol) => {
    const answer = fixtureOf(protocol, 'text.json').toString();
    for (const count of [-1, 2 ** 63, 1.5, '7', null, NaN]) {
      const lane = laneOf(protocol);
      const spoilt = JSON.parse(answer, (name, value: unknown) =>
        /token|count/i.test(name) && typeof value === 'number' ? count : value,
      ) as unknown;
      lane.response(JSON.stringify(spoilt));
      expect(lane.summary).toMatchObject({ usage: null, failure: null });
    }
  });

  it('an explicit zero is a usage', () => {
    const lane = laneOf('openai-chat');
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    lane.response(JSON.stringify({ choices: [{ message: { content: 'x' }, finish_reason: 'stop' }], usage }));
    expect(lane.summary.usage).toMatchObject({ source: 'reported', inputTokens: 0, outputTokens: 0 });
  });

  it('an error of the reading itself is the caller’s', async () => {
    const failing = async function* () {
      yield Buffer.from(openaiFrame('"a"'));
      throw new Error('socket hang up');
    };
    await expect(joined(through(laneOf('openai-chat'), failing()))).rejects.toThrow('socket hang up');
  });
});
