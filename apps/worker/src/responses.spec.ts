import type { ProtocolId } from '@switchyard/contracts';
import { Harness } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

interface Item {
  readonly type: string;
  readonly content?: readonly { readonly text: string }[];
  readonly summary?: readonly { readonly text: string }[];
  readonly encrypted_content?: string;
  readonly name?: string;
  readonly arguments?: string;
}
interface Response {
  readonly id: string;
  readonly model: string;
  readonly provider: string;
  readonly status: string;
  readonly output: readonly Item[];
  readonly usage: { readonly cost: number; readonly output_tokens: number } | null;
}
interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly delta?: string;
  readonly response?: Response;
}

const WEATHER = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const textOf = ({ output }: Response): string =>
  output
    .flatMap(({ type, content }) => (type === 'message' ? (content ?? []) : []))
    .map(({ text }) => text)
    .join('');
const eventsOf = (text: string): Event[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Event);

const PROTOCOLS: readonly ProtocolId[] = ['openai-responses', 'openai-chat', 'anthropic-messages', 'gemini'];

describe.each(PROTOCOLS)('a client of the Responses API at an endpoint that speaks %s', (protocol) => {
  const ask = (model: string, body: Record<string, unknown>) =>
    harness.ask({ dialect: 'openai-responses', body, endpoint: { protocol, upstreamModel: model } });

  /** The last response of the answer, after a check of its events. */
  async function answer(model: string, fields: Record<string, unknown>, stream: boolean): Promise<Response> {
    const seen = await ask(model, { input: 'Paris', stream, ...fields });
    expect(seen.failure).toBeNull();
    const events = stream ? eventsOf(seen.text) : [];
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    const last = stream ? events.at(-1)!.response! : (JSON.parse(seen.text) as Response);
    expect(last).toMatchObject({ id: seen.call.generationId, model: 'sandbox/echo', provider: 'Sandbox' });
    expect(last.usage?.cost).toBe(Number(seen.end?.costNanos) / 1e9);
    const [entry] = await harness.simulator.book();
    expect(last.usage?.output_tokens).toBe(entry?.reported?.outputTokens);
    await harness.simulator.clearBook();
    return last;
  }

  it.each([true, false])('gets text, calls and thoughts (stream: %s)', async (stream) => {
    expect(textOf(await answer('echo', {}, stream))).toContain('You said: Paris');
    const called = await answer('tools', { tools: [WEATHER] }, stream);
    const call = called.output.find(({ type }) => type === 'function_call');
    expect([call?.name, JSON.parse(call?.arguments ?? '')]).toEqual(['weather', { city: 'Paris' }]);
    const thinking = await answer('reasoning', { reasoning: { effort: 'high' } }, stream);
    const thought = thinking.output.find(({ type }) => type === 'reasoning');
    expect([...(thought?.summary ?? []), ...(thought?.content ?? [])].map(({ text }) => text).join('')).toContain(
      '5 characters',
    );
  });

  it('hears that its answer was cut by the limit', async () => {
    const { status } = await answer('echo', { max_output_tokens: 3 }, true);
    expect(status).toBe('incomplete');
  });

  it('never sees the end of an answer that breaks', async () => {
    for (const fault of ['error_event after=3', 'cut after=3', 'end after=3']) {
      const seen = await ask('echo', { input: `Hi [[fault: ${fault}]]`, stream: true });
      expect(seen.failure).toMatchObject({ phase: 'stream' });
      expect(eventsOf(seen.text).map(({ type }) => type)).not.toContain('response.completed');
    }
  });
});

it('gives reasoning that was encrypted back to the endpoint that made it', async () => {
  const endpoint = { protocol: 'openai-responses', upstreamModel: 'reasoning' } as const;
  const first = await harness.ask({ dialect: 'openai-responses', endpoint, body: { input: 'Hi', stream: false } });
  const { output } = JSON.parse(first.text) as Response;
  expect(output[0]?.encrypted_content).toMatch(/^sy1\./);
  const input = [{ role: 'user', content: 'Hi' }, ...output, { role: 'user', content: 'Again' }];
  const second = await harness.ask({ dialect: 'openai-responses', endpoint, body: { input, stream: false } });
  expect(textOf(JSON.parse(second.text) as Response)).toContain('You said: Again');
});
