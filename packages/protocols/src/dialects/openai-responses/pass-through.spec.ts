import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { createLane, dialectOf } from '../../index.js';
import { billing, context } from '../../testing/builders.js';
import { cut, joined, through } from '../../testing/chunks.js';
import type { Lane } from '../../types.js';

type Json = Record<string, unknown>;
interface Event extends Json {
  readonly type: string;
  readonly sequence_number: number;
  readonly item: Json;
  readonly response: Json;
}

const file = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../__fixtures__/openai-responses/${name}`, import.meta.url)));
const laneOf = (provider = 'openai', fields: Json = {}): Lane =>
  createLane({
    dialect: 'openai-responses',
    protocol: 'openai-responses',
    context,
    request: dialectOf('openai-responses').parseRequest({ model: 'author/model', input: 'Hello', ...fields }),
    provider,
  });

async function stream(bytes: Buffer, lane: Lane): Promise<{ text: string; events: Event[] }> {
  const pieces = await joined(through(lane, cut(bytes, [13])));
  const text = Buffer.concat([pieces, lane.renderEnd(billing)]).toString('utf8');
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Event);
  return { text, events };
}
const body = (name: string, lane: Lane): Json => {
  lane.response(file(name).toString());
  return JSON.parse(Buffer.from(lane.renderResponse(billing)).toString()) as Json;
};
const sse = (...events: Json[]): Buffer =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));

describe('the Responses API to the Responses API', () => {
  it('keeps events and items that nobody here knows, to the byte', async () => {
    const { text } = await stream(file('unknown-fields.sse'), laneOf());
    const unknown = file('unknown-fields.sse')
      .toString()
      .split('\n\n')
      .filter((event) => /dream|mood/.test(event) && !event.includes('response.completed'));
    expect(unknown.length).toBeGreaterThan(3);
    for (const event of unknown) expect(text).toContain(`${event}\n\n`);
    expect(body('unknown-fields.json', laneOf())).toMatchObject({
      novelty: [1],
      output: [{ type: 'dream', colour: 'blue' }, { phase: 'final' }],
      usage: { new_tokens: 9 },
    });
  });

  it.each([true, false])(
    'names itself, and answers with what the client said of its user (stream: %s)',
    async (streams) => {
      const stored = { store: true, previous_response_id: 'gen-1' };
      const echo = { user: 'me', metadata: { a: 'b' }, instructions: 'Be brief.', ...stored };
      const responses: Json[] = streams
        ? (await stream(file('text.sse'), laneOf('openai', echo))).events.flatMap(({ response }): Json[] =>
            response ? [response] : [],
          )
        : [body('text.json', laneOf('openai', echo))];
      for (const response of responses)
        expect(response).toMatchObject({
          ...echo,
          id: context.generationId,
          model: context.model,
          provider: context.providerName,
        });
      expect(responses.at(-1)!['usage']).toMatchObject({ input_tokens: 15, output_tokens: 10, cost: 0.00000125 });
      expect(responses.slice(0, -1).map(({ usage }) => usage)).toEqual(responses.slice(1).map(() => null));
    },
  );

  it('numbers events that came without numbers, and ends with one marker', async () => {
    const bytes = Buffer.from(
      file('text.sse')
        .toString()
        .replaceAll(/"sequence_number":\d+,/g, ''),
    );
    const { text, events } = await stream(bytes, laneOf());
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    expect(text.match(/data: \[DONE\]/g)).toHaveLength(1);
    expect(events.at(-1)?.type).toBe('response.completed');
  });

  it('hides reasoning from those who asked for that, seals apart', async () => {
    const hidden = { reasoning: { effort: 'low', exclude: true } };
    const { text, events } = await stream(file('reasoning.sse'), laneOf('openai', hidden));
    expect(text).not.toContain('think');
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    expect(text).toContain('"encrypted_content":"gAAAAABo+/=="');
    expect(JSON.stringify(body('reasoning.json', laneOf('openai', hidden)))).not.toContain('think');
  });

  it.each(['azure', 'xai'])(
    'tells whose the reasoning of %s is, so that it goes back to nobody else',
    async (provider) => {
      const { events } = await stream(file('reasoning.sse'), laneOf(provider));
      const item = events.find(
        ({ type, item: one }) => type === 'response.output_item.done' && one['type'] === 'reasoning',
      )!.item;
      expect(item['encrypted_content']).not.toBe('gAAAAABo+/==');
      const whole = (body('reasoning.json', laneOf(provider))['output'] as Json[])[0];
      expect(whole).toEqual(item);
      const { reasoning } = dialectOf('openai-responses').parseRequest({
        model: 'm',
        input: [item, { role: 'assistant', content: '42' }],
      }).messages[0] as unknown as { reasoning: Json[] };
      expect(reasoning).toEqual([
        { type: 'reasoning.summary', summary: 'Let me think.', id: 'rs_1', format: expect.stringContaining(provider) },
        { type: 'reasoning.encrypted', data: 'gAAAAABo+/==', id: 'rs_1', format: expect.stringContaining(provider) },
      ]);
    },
  );

  it('keeps what the provider thinks that it cost to itself', () => {
    const lane = laneOf('xai');
    const usage = { input_tokens: 1, output_tokens: 1, cost_in_usd_ticks: 57, num_sources_used: 0 };
    lane.response(JSON.stringify({ object: 'response', status: 'completed', output: [], usage }));
    const rendered = JSON.parse(Buffer.from(lane.renderResponse(billing)).toString()) as Json;
    expect(rendered['usage']).not.toHaveProperty('cost_in_usd_ticks');
    expect(rendered['usage']).toHaveProperty('num_sources_used', 0);
  });

  it('lets everything of a hosted tool out before the model speaks, however much it is', async () => {
    const picture = 'A'.repeat(300_000);
    const { response } = JSON.parse(file('text.sse').toString().split('\n')[1]!.slice('data: '.length)) as Event;
    const bytes = sse(
      { type: 'response.created', response },
      { type: 'response.output_item.added', output_index: 0, item: { type: 'image_generation_call', id: 'ig_1' } },
      { type: 'response.image_generation_call.partial_image', output_index: 0, partial_image_b64: picture },
      { type: 'response.completed', response: { ...response, status: 'completed' } },
    );
    expect((await stream(bytes, laneOf())).text).toContain(picture);
  });

  it('says nothing of an answer that breaks before it began, and reports why', async () => {
    const lane = laneOf();
    const error = { type: 'error', code: 'server_error', message: 'Oops' };
    const { response } = JSON.parse(file('text.sse').toString().split('\n')[1]!.slice('data: '.length)) as Event;
    const bytes = await joined(through(lane, cut(sse({ type: 'response.created', response }, error), [9])));
    expect(bytes.toString()).toBe('');
    expect(lane.summary).toMatchObject({ terminal: false, failure: { code: 'upstream_error' } });
  });

  it('streams the answer of a server that ignores `stream`, to the official client', async () => {
    const lane = laneOf();
    const { text } = await stream(file('parallel-tools.json'), lane);
    const client = new OpenAI({
      apiKey: 'none',
      fetch: () => Promise.resolve(new Response(text, { headers: { 'content-type': 'text/event-stream' } })),
    });
    const response = await client.responses.stream({ model: 'm', input: 'Hello' }).finalResponse();
    expect(response.output_text).toBe('Looking.');
    expect(response.output.filter(({ type }) => type === 'function_call')).toHaveLength(2);
    expect(lane.summary).toMatchObject({ terminal: true, finishReason: 'tool_calls', toolCallCount: 2 });
  });
});
