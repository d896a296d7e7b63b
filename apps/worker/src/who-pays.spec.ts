import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamClient, StreamFailure, StreamStrategy } from '@switchyard/bus';
import type { UpstreamStream } from '@switchyard/bus';
import { Allowance, AttemptEnd, parsePricePicos } from '@switchyard/contracts';
import type { UsageEvent } from '@switchyard/contracts';
import { PAYMENT_CASES, payersOf } from '@switchyard/pricing';
import type { PaymentCase } from '@switchyard/pricing';
import { z } from 'zod';
import { Harness, until } from './testing/harness.js';
import type { Ask } from './testing/harness.js';

/** One test per row of docs/who-pays.md, with a real broker and a provider that keeps a book of its own. */
let harness: Harness;
const refusing = createServer((request, response) => {
  request.resume();
  const chunk = (fields: object) =>
    `data: ${JSON.stringify({ id: 'up-1', object: 'chat.completion.chunk', ...fields })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'I cannot' }, finish_reason: null }] }),
  );
  response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'content_filter' }] }));
  response.write(chunk({ choices: [], usage: { prompt_tokens: 30, completion_tokens: 2, total_tokens: 32 } }));
  response.end('data: [DONE]\n\n');
});

beforeAll(async () => {
  harness = await Harness.start();
  await new Promise<void>((resolve) => void refusing.listen(0, '127.0.0.1', resolve));
  const { port } = refusing.address() as AddressInfo;
  // One that stops its bill when it is closed, one that does not, and one that filters.
  await harness.worker('sandbox');
  await harness.worker('groq');
  await harness.worker('together', { baseUrl: `http://127.0.0.1:${port}/v1` });
}, 30_000);
afterAll(async () => {
  refusing.close();
  await harness.stop();
});
beforeEach(() => harness.simulator.clearBook());

const A: Ask['endpoint'] = {};
const B: Ask['endpoint'] = { provider: 'groq' };
const asking = (directive: string, endpoint: Ask['endpoint'] = A, stream = true): Ask => ({
  body: { stream, messages: [{ role: 'user', content: `A prompt of some length. [[fault: ${directive}]]` }] },
  endpoint,
});
const entry = async () => (await harness.simulator.book())[0];

/** What the ledger is told of a generation. */
async function bookedAs(name: PaymentCase, generationId: string): Promise<UsageEvent | null> {
  const booked = await harness.usageOf(generationId);
  expect(booked?.outcome ?? null).toBe(PAYMENT_CASES[name].books);
  return booked;
}

/** The figure that the client reads as its cost, in nano-dollars. */
function costIn(text: string): bigint {
  const match = /"cost":([0-9.]+(?:e-?\d+)?)/.exec(text);
  return parsePricePicos(Number(match?.[1]).toFixed(12)) / 1_000n;
}

/** Leaves before the head, as soon as the provider has been called. */
async function leaveEarly(ask: Ask): Promise<string> {
  const client = new AbortController();
  const { call, opened } = harness.open({ ...ask, signal: client.signal });
  opened.catch(() => undefined);
  await until(async () => (await entry()) !== undefined);
  client.abort('client_closed_request');
  await opened.catch((error: unknown) => expect(error).toBeInstanceOf(StreamFailure));
  return call.generationId;
}

async function leaveMidway(
  ask: Ask,
  edge: StreamClient = harness.client,
): Promise<{ id: string; stream: UpstreamStream }> {
  const { call, opened } = harness.open(ask, edge);
  const stream = await opened;
  let read = 0;
  for await (const bytes of stream) {
    stream.acknowledge(bytes.length);
    read += bytes.length;
    if (read > 1_500) break;
  }
  return { id: call.generationId, stream };
}

describe('who pays', () => {
  it.each([true, false])('finished: the customer pays what the provider counted (stream: %s)', async (stream) => {
    const { call, text } = await harness.ask(asking('tokens=50', A, stream));
    const booked = await bookedAs('finished', call.generationId);
    expect(booked?.usage).toMatchObject({ source: 'reported', outputTokens: (await entry())?.outputTokens });
    expect(costIn(text)).toBe(payersOf(booked!).customerNanos);
    expect(payersOf(booked!).houseNanos).toBe(0n);
  });

  it('finished_unreported: the customer pays what was counted here', async () => {
    const { call, text } = await harness.ask(asking('tokens=50 usage=none'));
    const booked = await bookedAs('finished_unreported', call.generationId);
    expect(booked?.usage.source).toBe('estimated');
    expect(costIn(text)).toBe(payersOf(booked!).customerNanos);
  });

  it('finished: a content filter with real usage is paid like any answer', async () => {
    const { call, text } = await harness.ask(asking('', { provider: 'together' }));
    const booked = await bookedAs('finished', call.generationId);
    expect(booked).toMatchObject({ finishReason: 'content_filter', usage: { inputTokens: 30, outputTokens: 2 } });
    expect(costIn(text)).toBe(payersOf(booked!).customerNanos);
  });

  it('finished above the bound: the customer pays the bound, the house the rest, and the answer says so', async () => {
    const { call, text } = await harness.ask({ ...asking('tokens=500'), boundNanos: 1_000n });
    const booked = await bookedAs('finished', call.generationId);
    expect(booked?.costNanos).toBeGreaterThan(1_000n);
    expect(payersOf(booked!)).toEqual({ customerNanos: 1_000n, houseNanos: booked!.costNanos - 1_000n });
    expect(costIn(text)).toBe(1_000n);
  });

  it('finished with a key of their own: the customer pays the fee alone', async () => {
    const { call, text } = await harness.ask({ ...asking('tokens=50'), ownKey: { feePpm: 50_000 } });
    const booked = await bookedAs('finished', call.generationId);
    const { customerNanos } = payersOf(booked!);
    expect(customerNanos).toBe((booked!.costPicos * 50_000n + 999_999_999n) / 1_000_000_000n);
    expect(costIn(text)).toBe(customerNanos);
    expect(text).toContain('"is_byok":true');
  });

  it('out_of_credit: the customer pays what it got', async () => {
    const { call, opened } = harness.open({ ...asking('tokens=4000 tps=800'), allowance: 200 });
    const stream = await opened;
    stream.onMeter(() =>
      stream.allow(z.encode(Allowance, { outputTokens: 200, boundNanos: call.boundNanos, ticket: null, last: true })),
    );
    let text = '';
    for await (const bytes of stream) {
      text += Buffer.from(bytes).toString();
      stream.acknowledge(bytes.length);
    }
    const booked = await bookedAs('out_of_credit', call.generationId);
    expect(costIn(text)).toBe(payersOf(booked!).customerNanos);
  });

  it('cancelled_unsent: nobody pays for what no provider was asked', async () => {
    const client = new AbortController();
    client.abort('client_closed_request');
    const { call, opened } = harness.open({ ...asking('tokens=5'), signal: client.signal });
    await expect(opened).rejects.toBeInstanceOf(StreamFailure);
    await bookedAs('cancelled_unsent', call.generationId);
    expect(await harness.simulator.book()).toEqual([]);
  });

  it('cancelled_closed: before the first byte the customer pays the prompt', async () => {
    const booked = await bookedAs('cancelled_closed', await leaveEarly(asking('stall before')));
    expect(booked?.usage).toMatchObject({ source: 'estimated', outputTokens: 0 });
    expect(payersOf(booked!).customerNanos).toBeGreaterThan(0n);
    await until(async () => (await entry())?.aborted === true, 1_000);
  });

  it('cancelled_closed: in the middle the customer pays no more than was made', async () => {
    const { id, stream } = await leaveMidway(asking('tokens=2000 tps=100'));
    await stream.cancel('client_closed_request');
    const booked = await bookedAs('cancelled_closed', id);
    await until(async () => (await entry())?.aborted === true, 1_000);
    expect(booked?.usage.outputTokens).toBeLessThanOrEqual((await entry())!.outputTokens);
    expect(booked?.usage.outputTokens).toBeGreaterThan(0);
  });

  it('cancelled_drained: where closing stops no bill the customer pays the whole answer, in the middle', async () => {
    const { id, stream } = await leaveMidway(asking('tokens=120 tps=200', B));
    await stream.cancel('client_closed_request');
    const booked = await bookedAs('cancelled_drained', id);
    expect(booked?.usage).toMatchObject({ source: 'reported', outputTokens: 120 });
    expect(await entry()).toMatchObject({ aborted: false, outputTokens: 120 });
  });

  it('cancelled_drained: and before the first byte', async () => {
    const booked = await bookedAs('cancelled_drained', await leaveEarly(asking('tokens=40 delay ms=300', B)));
    expect(booked?.usage.outputTokens).toBe(40);
  });

  it('cancelled_closed: beyond the limits of reading on the customer pays what was read', async () => {
    const { id, stream } = await leaveMidway(asking('tokens=100000', B));
    await stream.cancel('client_closed_request');
    await bookedAs('cancelled_closed', id);
    await until(async () => (await entry())?.aborted === true);
  });

  it('finished: a client that leaves behind the end pays the answer', async () => {
    const { call, opened } = harness.open(asking('tokens=20'));
    const stream = await opened;
    await stream.end;
    await stream.cancel('client_closed_request');
    expect((await bookedAs('finished', call.generationId))?.usage.outputTokens).toBe(20);
  });

  it.each([['status=500'], ['blank'], ['reset'], ['html']])(
    'failed_unheard: nobody pays for an attempt without a word (%s)',
    async (directive) => {
      const { call, failure } = await harness.ask(asking(directive));
      expect(failure?.usage).toBeNull();
      await bookedAs('failed_unheard', call.generationId);
    },
  );

  it.each([['cut after=5'], ['error_event after=3'], ['end after=5']])(
    'failed_midway: the customer is insured when the provider fails (%s)',
    async (directive) => {
      const { call, text } = await harness.ask(asking(`tokens=50 ${directive}`));
      expect(text).not.toBe('');
      const booked = await bookedAs('failed_midway', call.generationId);
      expect(payersOf(booked!).customerNanos).toBe(0n);
      expect(payersOf(booked!).houseNanos).toBeGreaterThan(0n);
    },
  );

  it('failed_midway: and while an answer that was cancelled is read on', async () => {
    const { id, stream } = await leaveMidway(asking('tokens=200 tps=200 cut after=150', B));
    await stream.cancel('client_closed_request');
    await bookedAs('failed_midway', id);
  });

  it('gateway_failed: the customer is insured when the edge goes', async () => {
    const edge = await StreamClient.connect({ servers: harness.nats.url, edgeId: 'dying', maxLagMs: 5_000 });
    const { call, opened } = harness.open(asking('tokens=500 tps=50'), edge);
    await opened;
    await edge.close();
    const booked = await bookedAs('gateway_failed', call.generationId);
    expect(payersOf(booked!).customerNanos).toBe(0n);
    await until(async () => (await entry())?.aborted === true, 1_000);
  });

  it('gateway_failed: also when the provider had ended the answer, and the client did not have all of it', async () => {
    const edge = await StreamClient.connect({ servers: harness.nats.url, edgeId: 'dying', maxLagMs: 5_000 });
    const { call, opened } = harness.open(asking('tokens=40'), edge);
    const stream = await opened;
    expect(AttemptEnd.parse(await stream.end).usage.outcome).toBe('final');
    await edge.close();
    await bookedAs('gateway_failed', call.generationId);
  });

  it('gateway_failed: and when a worker that stops has to cut the answer', async () => {
    const own = await harness.worker('fireworks');
    const running = harness.ask(asking('tokens=500 tps=50', { provider: 'fireworks' }));
    await until(async () => ((await entry())?.outputTokens ?? 0) > 3);
    await own.get(StreamStrategy, { strict: false }).drain(0);
    await bookedAs('gateway_failed', (await running).call.generationId);
  });

  it('finished: an answer that a worker which stops lets run to its end is paid for', async () => {
    const own = await harness.worker('deepseek');
    const running = harness.ask(asking('tokens=60 tps=100', { provider: 'deepseek' }));
    await until(async () => (await entry()) !== undefined);
    await own.get(StreamStrategy, { strict: false }).drain(5_000);
    const { call } = await running;
    expect((await bookedAs('finished', call.generationId))?.usage.outputTokens).toBe(60);
  });
});
