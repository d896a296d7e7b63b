import { DIALECT_IDS, GatewayError } from '@switchyard/contracts';
import { createLane } from '../lanes/create-lane.js';
import { dialectOf } from '../registry.js';
import { billing } from '../testing/builders.js';
import { cut, through } from '../testing/chunks.js';
import { fixtureOf } from '../testing/fixtures.js';

type Fields = Record<string, unknown>;
const textOf = (delta: unknown): string | undefined => (delta as { text?: string } | undefined)?.text;

const context = { generationId: 'gen-1', created: 1, model: 'acme/large', providerName: 'Acme' };
const reason = new GatewayError('insufficient_credits', { message: 'Too little credit.' });

const stopOf = (dialect: (typeof DIALECT_IDS)[number]): unknown => {
  const text = Buffer.from(dialectOf(dialect).renderStop?.(reason, context) ?? []).toString();
  return text === '' ? null : JSON.parse(text.replace(/^data: /, ''));
};

describe('an answer that the gateway ends for want of credit', () => {
  it('ends by an event of its own, or in the lane where the last event repeats how the answer ended', () => {
    const byEvent = DIALECT_IDS.filter((dialect) => stopOf(dialect) !== null);
    const inLane = DIALECT_IDS.filter((dialect) => dialectOf(dialect).stopsInLane);
    expect(byEvent.toSorted()).toEqual(['gemini', 'openai-chat', 'openai-completions']);
    expect(inLane.toSorted()).toEqual(['anthropic-messages', 'openai-responses']);
  });

  const rows = (['openai-chat', 'anthropic-messages', 'openai-responses'] as const).flatMap((protocol) =>
    (['anthropic-messages', 'openai-responses'] as const).map((dialect) => ({ dialect, protocol })),
  );
  it.each(rows)('has what the client was given and no more: $protocol to $dialect', async ({ dialect, protocol }) => {
    const asked = { model: 'a/m', max_tokens: 9, stream: true, input: 'x', messages: [{ role: 'user', content: 'x' }] };
    const request = dialectOf(dialect).parseRequest(asked);
    const lane = createLane({ dialect, protocol, context, request, mayStop: true });
    const given: Uint8Array[] = [];
    for await (const bytes of through(lane, cut(fixtureOf(protocol, 'text.sse'), [40]))) {
      if (given.length === 1) break;
      given.push(bytes);
      lane.delivered?.();
    }
    // The lane has read on, and what it read then nobody has been given.
    const text = Buffer.concat([...given, lane.stop!(reason), lane.renderEnd(billing)]).toString();
    const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json!) as Fields);
    const said = events.map(({ delta }) => (typeof delta === 'string' ? delta : (textOf(delta) ?? ''))).join('');
    expect(said).toBe('Grüße');
    if (dialect === 'openai-responses') {
      expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, index) => index));
      expect(events.at(-1)).toMatchObject({
        type: 'response.incomplete',
        response: {
          status: 'incomplete',
          incomplete_details: { reason: 'max_output_tokens', message: 'Too little credit.' },
          output: [{ type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Grüße' }] }],
          usage: { cost: expect.any(Number) },
        },
      });
    } else {
      const types = events.map(({ type }) => type);
      expect(types.filter((type) => type === 'content_block_stop')).toHaveLength(1);
      expect(types.slice(-2)).toEqual(['message_delta', 'message_stop']);
      expect(events.at(-2)).toMatchObject({
        delta: { stop_reason: 'max_tokens', error: { type: 'billing_error', message: 'Too little credit.' } },
        usage: { cost: expect.any(Number) },
      });
    }
  });

  it('met a limit, and says why where clients keep the answer that they have', () => {
    expect(stopOf('openai-completions')).toMatchObject({
      id: 'gen-1',
      choices: [{ index: 0, finish_reason: 'length', error: { code: 402 } }],
    });
    expect(stopOf('gemini')).toMatchObject({
      responseId: 'gen-1',
      candidates: [{ index: 0, finishReason: 'MAX_TOKENS', finishMessage: 'Too little credit.' }],
    });
  });
});
