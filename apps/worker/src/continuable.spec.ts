import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Harness, sleep } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const CUT = { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: tokens=20 cut after=5]]' }] };

describe('an attempt that another one may go on with', () => {
  it('leaves it to the edge to tell what it cost when it breaks off', async () => {
    const seen = await harness.ask({ body: CUT, continuable: true });
    expect(seen.failure).toMatchObject({ code: 'upstream_disconnected', usage: { outcome: 'insured' } });
    await sleep(500);
    expect(harness.published.has(seen.call.generationId)).toBe(false);
  });

  it('tells by itself what it cost when it ends', async () => {
    const body = { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: tokens=5]]' }] };
    const seen = await harness.ask({ body, continuable: true });
    expect(await harness.usageOf(seen.call.generationId)).toEqual(seen.end);
  });

  it('tells by itself when its client leaves', async () => {
    const body = { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: tokens=500 tps=50]]' }] };
    const { call, opened } = harness.open({ body, continuable: true });
    const stream = await opened;
    await stream[Symbol.asyncIterator]().next();
    await stream.cancel('client_closed_request');
    expect(await harness.usageOf(call.generationId)).toMatchObject({ outcome: 'estimate', cancelled: true });
  });

  it('is gone on with where it stopped', async () => {
    const [user] = CUT.messages;
    const whole = await harness.ask({
      body: { stream: true, messages: [{ ...user, content: 'Hi [[fault: tokens=20]]' }] },
    });
    const begun = await harness.ask({ body: CUT, continuable: true });
    const messages = [
      { role: 'user', content: 'Hi [[fault: tokens=20]]' },
      { role: 'assistant', content: textOf(begun.text) },
    ];
    const rest = await harness.ask({ body: { stream: true, messages }, continues: true });
    expect(textOf(begun.text) + textOf(rest.text)).toBe(textOf(whole.text));
    expect(rest.end).toMatchObject({ outcome: 'final' });
  });

  it('tells a server of vLLM that the last message is no turn of its own', async () => {
    const bodies: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (data: Buffer) => (text += data.toString()));
      request.on('end', () => {
        bodies.push(JSON.parse(text) as Record<string, unknown>);
        response.writeHead(503).end();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    await harness.worker('local', { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
    for (const continues of [true, undefined])
      await harness.ask({ body: CUT, endpoint: { provider: 'local' }, ...(continues && { continues }) });
    server.close();
    expect(bodies[0]).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
    expect(bodies[1]).not.toHaveProperty('continue_final_message');
  });
});

const textOf = (events: string): string =>
  events
    .split('\n\n')
    .flatMap((event) => {
      const data = /^data: (\{.*)$/m.exec(event)?.[1];
      return data === undefined ? [] : [JSON.parse(data) as Chunk];
    })
    .map(({ choices }) => choices[0]?.delta?.content ?? '')
    .join('');

interface Chunk {
  readonly choices: readonly { readonly delta?: { readonly content?: string } }[];
}
