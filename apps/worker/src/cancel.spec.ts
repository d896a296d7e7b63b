import { StreamFailure, StreamStrategy } from '@switchyard/bus';
import type { UsageEvent } from '@switchyard/contracts';
import { Harness, sleep, until, usageOfOutcome } from './testing/harness.js';
import type { Ask } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker('sandbox');
  await harness.worker('groq');
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const PROMPT = 'Good morning, dear sandbox, this is a prompt of some length.';
const body = (directive: string, stream = true) => ({
  stream,
  messages: [{ role: 'user', content: `${PROMPT} ${directive}` }],
});
const entry = async () => (await harness.simulator.book())[0];

/** Cancels before the head: by the signal that an edge gives to `open`. */
async function cancelBeforeHead(ask: Ask, when: () => Promise<void>): Promise<StreamFailure> {
  const controller = new AbortController();
  const { opened } = harness.open({ ...ask, signal: controller.signal });
  const failed = opened.then(
    () => Promise.reject(new Error('the stream was opened')),
    (error: unknown) => error as StreamFailure,
  );
  await when();
  controller.abort('client_closed');
  return failed;
}

/** Reads some bytes, then cancels; how the worker said it ended. */
async function cancelMidStream(ask: Ask): Promise<UsageEvent | null> {
  const stream = await harness.open(ask).opened;
  let read = 0;
  for await (const bytes of stream) {
    stream.acknowledge(bytes.length);
    read += bytes.length;
    if (read > 1500) break;
  }
  return usageOfOutcome(await stream.cancel('client_closed'));
}

describe('where closing the connection stops the bill', () => {
  it.each([
    ['before the headers', '[[fault: stall before]]', true],
    ['before the first token', '[[fault: tokens=5 tps=1 stall after=0]]', true],
    ['of a whole answer', '[[fault: tokens=500 tps=20]]', false],
  ])('a cancel %s closes it within a second', async (_, directive, stream) => {
    const failure = await cancelBeforeHead({ body: body(directive, stream) }, () =>
      until(async () => (await entry()) !== undefined),
    );
    expect(failure).toBeInstanceOf(StreamFailure);
    await until(async () => (await entry())?.aborted === true, 1000);
    const usage = failure.outcome && usageOfOutcome(failure.outcome);
    expect(usage).toMatchObject({
      outcome: 'estimate',
      cancelled: true,
      usage: { source: 'estimated', outputTokens: 0 },
    });
    expect(usage?.usage.inputTokens).toBeGreaterThanOrEqual(Math.floor(PROMPT.length / 4));
  });

  it('a cancel in the middle closes it and charges what was made until then', async () => {
    const usage = await cancelMidStream({ body: body('[[fault: tokens=2000 tps=100]]') });
    await until(async () => (await entry())?.aborted === true, 1000);
    expect(usage).toMatchObject({ outcome: 'estimate', cancelled: true, usage: { source: 'estimated' } });
    const made = (await entry())?.outputTokens ?? 0;
    expect(made).toBeLessThan(2000);
    expect(usage?.usage.outputTokens).toBeGreaterThan(0);
    expect(usage?.usage.outputTokens).toBeLessThanOrEqual(made);
    expect(await harness.usageOf(usage?.generationId ?? '')).toEqual(usage);
  });

  it('takes the input tokens that Anthropic reports at the start', async () => {
    const endpoint = { protocol: 'anthropic-messages' as const };
    const usage = await cancelMidStream({ body: body('[[fault: tokens=2000 tps=200]]'), endpoint });
    expect(usage?.usage.inputTokens).toBe((await entry())?.promptTokens);
    expect(usage?.usage.outputTokens).toBeGreaterThan(1);
  });

  it('a cancel after the end changes nothing', async () => {
    const seen = await harness.ask({ body: body('') });
    const stream = await harness.open({ body: body('') }).opened;
    for await (const bytes of stream) stream.acknowledge(bytes.length);
    await stream.end;
    await stream.cancel('client_closed');
    expect(seen.end).toMatchObject({ outcome: 'final', cancelled: false });
    expect((await harness.simulator.book()).every((each) => !each.aborted)).toBe(true);
  });
});

describe('where closing the connection does not stop the bill', () => {
  it('a cancelled stream is read to its end and charged in full', async () => {
    const usage = await cancelMidStream({
      body: body('[[fault: tokens=120 tps=200]]'),
      endpoint: { provider: 'groq' },
    });
    const booked = await entry();
    expect(booked).toMatchObject({ aborted: false, outputTokens: 120, finish: 'stop' });
    expect(usage).toMatchObject({
      outcome: 'final',
      cancelled: true,
      usage: { source: 'reported', outputTokens: 120 },
    });
  });

  it('a cancelled whole answer is, too', async () => {
    const failure = await cancelBeforeHead(
      { body: body('[[fault: tokens=50 tps=100]]', false), endpoint: { provider: 'groq' } },
      () => until(async () => (await entry()) !== undefined),
    );
    expect(await entry()).toMatchObject({ aborted: false, outputTokens: 50 });
    const usage = failure.outcome && usageOfOutcome(failure.outcome);
    expect(usage).toMatchObject({ outcome: 'final', cancelled: true, usage: { outputTokens: 50 } });
  });

  it('is closed and estimated beyond a megabyte', async () => {
    const usage = await cancelMidStream({
      body: body('[[fault: tokens=100000]]'),
      endpoint: { provider: 'groq' },
    });
    await until(async () => (await entry())?.aborted === true);
    expect(usage).toMatchObject({ outcome: 'estimate', cancelled: true });
  });
});

it('blocks the provider when the client does not read, without growing', async () => {
  const before = process.memoryUsage.rss();
  const stream = await harness.open({ body: body('[[fault: tokens=100000]]') }).opened;
  let last = -1;
  await until(async () => {
    await sleep(300);
    const now = (await entry())?.outputTokens ?? 0;
    const still = now === last;
    last = now;
    return still;
  }, 10_000);
  expect(last).toBeLessThan(100_000);
  expect((await entry())?.endedAtMs).toBeNull();
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  await stream.cancel('client_closed');
  await until(async () => (await entry())?.aborted === true, 1000);
});

describe('when the worker stops', () => {
  it('running streams finish and no new ones come', async () => {
    const own = await harness.worker('together');
    const ask = { body: body('[[fault: tokens=60 tps=100]]'), endpoint: { provider: 'together' } };
    const running = harness.ask(ask);
    await until(async () => (await entry()) !== undefined);
    const drained = own.get(StreamStrategy, { strict: false }).drain(5000);
    const seen = await running;
    await drained;
    expect(seen.end).toMatchObject({ outcome: 'final' });
    expect((await harness.ask(ask)).failure?.code).toBe('worker_unavailable');
  });

  it('what is not over at the deadline is insured', async () => {
    const own = await harness.worker('fireworks');
    const running = harness.ask({
      body: body('[[fault: tokens=500 tps=50]]'),
      endpoint: { provider: 'fireworks' },
    });
    await until(async () => ((await entry())?.outputTokens ?? 0) > 3);
    await own.get(StreamStrategy, { strict: false }).drain(0);
    const { failure } = await running;
    expect(failure).toMatchObject({ code: 'worker_lost', usage: { outcome: 'insured', cancelled: false } });
  });
});
