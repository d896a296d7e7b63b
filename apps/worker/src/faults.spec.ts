import { costOf } from '@switchyard/pricing';
import { Harness, until } from './testing/harness.js';

let harness: Harness;
const KEY = 'test-key-0123456789';
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker('sandbox', { apiKey: KEY });
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const QUICK = { firstByteMs: 400, idleMs: 400, totalMs: 3000 };
const ask = (directive: string, stream = true, timeouts: Partial<typeof QUICK> = {}) =>
  harness.ask({
    body: { stream, messages: [{ role: 'user', content: `Hi [[fault: ${directive}]]` }] },
    timeouts: { ...QUICK, ...timeouts },
  });
const tokensIn = (text: string) => text.match(/"content":"[^"]/g)?.length ?? 0;

describe('a failure before the first byte leaves nothing on the books, so that another endpoint may try', () => {
  it.each([
    ['status=429 retry_after=1', 'upstream_rate_limited', 'headers', true],
    ['status=401', 'upstream_auth', 'headers', true],
    ['status=400', 'upstream_rejected', 'headers', false],
    ['status=500', 'upstream_error', 'headers', true],
    ['status=503', 'upstream_overloaded', 'headers', true],
    ['status=529', 'upstream_overloaded', 'headers', true],
    ['redirect', 'upstream_invalid_response', 'headers', true],
    ['header_bomb', 'upstream_invalid_response', 'headers', true],
    ['reset', 'upstream_disconnected', 'headers', true],
    ['stall before', 'upstream_timeout', 'headers', true],
    ['html', 'upstream_invalid_response', 'stream', true],
  ])('%s, streamed or not', async (directive, code, phase, retryable) => {
    for (const stream of [true, false]) {
      const seen = await ask(directive, stream);
      expect([seen.head, seen.text]).toEqual([null, '']);
      expect(seen.failure).toMatchObject({ code, phase, retryable, usage: null });
      expect(await harness.simulator.book()).toHaveLength(1);
      await harness.simulator.clearBook();
      expect(harness.published.has(seen.call.generationId)).toBe(false);
    }
  });

  it.each([
    ['cut after=0', 'upstream_disconnected'],
    ['end after=0', 'upstream_disconnected'],
    ['reset after=0', 'upstream_disconnected'],
    ['error_event after=0', 'upstream_error'],
    ['stall after=0', 'upstream_timeout'],
    ['garbage after=0', 'upstream_invalid_response'],
    ['blank', 'upstream_invalid_response'],
  ])('%s in a stream that has said nothing', async (directive, code) => {
    const seen = await ask(directive);
    expect(seen.failure).toMatchObject({ code, retryable: true, usage: null });
    expect(seen.head).toBeNull();
  });

  it.each([
    ['cut', 'upstream_disconnected'],
    ['garbage', 'upstream_invalid_response'],
    ['blank', 'upstream_invalid_response'],
  ])('%s in a whole answer', async (directive, code) => {
    expect((await ask(directive, false)).failure).toMatchObject({ code, retryable: true, usage: null });
  });

  it('passes on how long to wait, up to five minutes', async () => {
    expect((await ask('status=429 retry_after=2')).failure?.retryAfterMs).toBe(2000);
    expect((await ask('status=429 retry_after=1e9')).failure?.retryAfterMs ?? 0).toBeLessThanOrEqual(300_000);
  });

  it('cuts an upstream that drips, at the total deadline', async () => {
    const seen = await ask('drip ms=50', true, { firstByteMs: 5000, idleMs: 5000, totalMs: 700 });
    expect(seen.failure).toMatchObject({ code: 'upstream_timeout' });
  });

  it('never repeats our key, whatever the provider echoes', async () => {
    const seen = await ask('status=401 echo_key');
    expect(JSON.stringify(seen.failure)).not.toContain(KEY);
    expect(seen.failure?.raw).toContain('Credentials');
  });

  it('never repeats a key that does not look like one', async () => {
    const apiKey = 'zq8Zn1f0Tt5uVwXy';
    await harness.worker('anthropic', { apiKey });
    const seen = await harness.ask({
      body: { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: status=401 echo_key]]' }] },
      endpoint: { provider: 'anthropic' },
    });
    expect(seen.failure?.raw).toContain('Credentials: ***');
    expect(JSON.stringify(seen.failure)).not.toContain(apiKey);
  });
});

describe('a failure after the first byte is insured: the house bears the cost', () => {
  it.each([
    ['tokens=20 cut after=5', 'upstream_disconnected', 5],
    ['tokens=20 end after=5', 'upstream_disconnected', 5],
    ['tokens=20 error_event after=5', 'upstream_error', 5],
    ['tokens=20 stall after=5', 'upstream_timeout', 5],
    ['tokens=20 garbage after=5', 'upstream_invalid_response', 5],
  ])('%s', async (directive, code, tokens) => {
    const seen = await ask(directive);
    expect(tokensIn(seen.text)).toBe(tokens);
    expect(seen.failure).toMatchObject({ code, phase: 'stream' });
    const event = seen.failure?.usage;
    expect(event).toMatchObject({ outcome: 'insured', cancelled: false, usage: { source: 'estimated' } });
    const cost = event && costOf(event.usage, event.price, event.admittedAtMs);
    expect(event?.costNanos).toBe(cost?.nanos);
    expect(event?.usage.outputTokens).toBeGreaterThan(0);
    expect(await harness.usageOf(seen.call.generationId)).toEqual(event);
  });

  it('reset after tokens', async () => {
    const seen = await ask('tokens=20 tps=100 reset after=5');
    expect(seen.failure).toMatchObject({ code: 'upstream_disconnected' });
    expect(seen.failure?.usage).toMatchObject({ outcome: 'insured' });
  });

  it.each([['huge_line bytes=12000000'], ['endless_line'], ['deep_json']])(
    '%s, with memory bounded',
    async (directive) => {
      const before = process.memoryUsage.rss();
      const seen = await ask(`tokens=20 ${directive}`, true, { firstByteMs: 10_000, idleMs: 10_000, totalMs: 20_000 });
      expect(seen.failure).toMatchObject({ code: 'upstream_invalid_response' });
      expect(seen.failure?.usage).toMatchObject({ outcome: 'insured' });
      expect(process.memoryUsage.rss() - before).toBeLessThan(250 * 1024 * 1024);
    },
    30_000,
  );
});

describe('what is odd but complete is served and charged', () => {
  it.each([['no_done'], ['two_done'], ['after_done'], ['bad_utf8'], ['set_cookie'], ['delay ms=100']])(
    '%s',
    async (directive) => {
      const seen = await ask(directive);
      expect(seen.failure).toBeNull();
      expect(seen.end).toMatchObject({ outcome: 'final', finishReason: 'stop' });
      expect(seen.text.match(/data: \[DONE\]/g)).toHaveLength(1);
      expect(seen.text).not.toContain('text after the end');
      expect(JSON.stringify(seen.head)).not.toContain('tracker');
    },
  );

  it.each([[true], [false]])('without usage it is counted and marked, never zero (stream: %s)', async (stream) => {
    const seen = await ask('usage=none', stream);
    expect(seen.end).toMatchObject({ outcome: 'estimate', usage: { source: 'estimated', requests: 1 } });
    expect(seen.end?.usage.inputTokens).toBeGreaterThan(0);
    expect(seen.end?.usage.outputTokens).toBeGreaterThan(5);
    expect(seen.end?.costNanos).toBeGreaterThan(0n);
  });

  it('respects a zero that the provider reports', async () => {
    const seen = await ask('usage=zero');
    expect(seen.end).toMatchObject({ outcome: 'final', usage: { source: 'reported', outputTokens: 0 }, costNanos: 0n });
  });

  it('passes an absurd usage on as it was reported, for the ledger to judge', async () => {
    const seen = await ask('usage=huge');
    expect(seen.end).toMatchObject({ outcome: 'final', usage: { outputTokens: 1_000_000_000 } });
  });
});

it.each([['openai-chat'], ['openai-responses'], ['anthropic-messages'], ['gemini']] as const)(
  'an upstream that finishes and never ends is not waited for long (%s)',
  async (protocol) => {
    const seen = await harness.ask({
      body: { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: hang]]' }] },
      timeouts: { idleMs: 60_000, totalMs: 60_000 },
      endpoint: { protocol },
    });
    expect(seen.end).toMatchObject({ outcome: 'final', finishReason: 'stop' });
    expect(seen.end?.totalMs).toBeLessThan(9000);
  },
  15_000,
);

it('does not wait for a free connection beyond the deadline for connecting', async () => {
  await harness.worker('xai', { upstreamConnections: 1 });
  const ask = (directive: string, connectMs: number) =>
    harness.ask({
      body: { stream: true, messages: [{ role: 'user', content: `Hi ${directive}` }] },
      endpoint: { provider: 'xai' },
      timeouts: { connectMs },
    });
  const first = ask('[[fault: tokens=60 tps=60]]', 5000);
  await until(async () => (await harness.simulator.book()).length === 1);
  expect((await ask('', 200)).failure).toMatchObject({ code: 'upstream_unreachable', phase: 'connect', usage: null });
  expect((await first).end).toMatchObject({ outcome: 'final' });
  expect(await harness.simulator.book()).toHaveLength(1);
});

it('answers at once where nobody listens', async () => {
  await harness.worker('local', { baseUrl: 'http://127.0.0.1:1/v1', apiKey: null });
  const seen = await harness.ask({
    body: { stream: true, messages: [{ role: 'user', content: 'Hi' }] },
    endpoint: { provider: 'local' },
  });
  expect(seen.failure).toMatchObject({ code: 'upstream_unreachable', phase: 'connect', retryable: true, usage: null });
});
