import { waitUntil } from '@switchyard/testing';
import { Harness } from './testing/harness.js';

const FREE = { version: 'free-1', prompt: 0n, completion: 0n };
const BODY = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 };
const TOOLS = [
  {
    type: 'function',
    function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];

describe('what a worker tells of health', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start();
    await harness.worker();
  }, 60_000);
  afterAll(() => harness.stop(), 60_000);

  it('answers a probe of an endpoint that costs nothing, and puts it on nobody’s books', async () => {
    const { call, opened } = harness.open({ body: BODY, probe: true, endpoint: { price: FREE } });
    const stream = await opened;
    for await (const bytes of stream) stream.acknowledge(bytes.length);
    expect(await stream.end).toEqual({ usage: null });
    await waitUntil(() => harness.outcomes.some(({ probe }) => probe), { what: 'the outcome of the probe' });
    expect(harness.outcomes.find(({ probe }) => probe)).toMatchObject({ outcome: 'success' });
    expect(await harness.usageOf(call.generationId)).toBeNull();
  }, 30_000);

  it('refuses to probe where asking costs something, without asking', async () => {
    const startedAtMs = Date.now();
    const { failure } = await harness.ask({ body: BODY, probe: true });
    expect(failure).toMatchObject({ code: 'no_endpoints' });
    expect(harness.outcomesSince(startedAtMs)).toEqual([]);
  }, 30_000);

  it('numbers its outcomes, so that whoever hears one twice knows', async () => {
    const startedAtMs = Date.now();
    await harness.ask({ body: BODY });
    await harness.ask({ body: BODY });
    await waitUntil(() => harness.outcomesSince(startedAtMs).length === 2, { what: 'two outcomes' });
    const [first, second] = harness.outcomesSince(startedAtMs);
    expect(second!.origin).toEqual({ worker: first!.origin!.worker, number: first!.origin!.number + 1 });
  }, 30_000);

  it('tells whether tool calls could be run, of answers that finished with them', async () => {
    const answer = async (body: object) => {
      const startedAtMs = Date.now();
      await harness.ask({ body: { ...BODY, max_tokens: 100, ...body } });
      await waitUntil(() => harness.outcomesSince(startedAtMs).length > 0, { what: 'an outcome' });
      return harness.outcomesSince(startedAtMs)[0]!.toolCalls;
    };
    expect(await answer({})).toBeUndefined();
    expect(await answer({ tools: TOOLS, tool_choice: 'required' })).toBe('valid');
  }, 30_000);
});
