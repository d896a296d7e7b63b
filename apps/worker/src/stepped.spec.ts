import { Allowance, AttemptEnd, MeterReading, completionTokens } from '@switchyard/contracts';
import type { DialectId, UsageEvent } from '@switchyard/contracts';
import { z } from 'zod';
import { Harness } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker('sandbox');
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const ALLOWED = 200;
const body = (directive: string) => ({ stream: true, messages: [{ role: 'user', content: `Hello. ${directive}` }] });

/** What a dialect wants beside messages, or in their place. */
const ASKED: Partial<Readonly<Record<DialectId, object>>> = {
  'anthropic-messages': { max_tokens: 10_000 },
  'openai-responses': { input: 'Hello. [[fault: tokens=5000 tps=800]]' },
};

interface Stepped {
  readonly text: string;
  readonly usage: UsageEvent;
  readonly readings: readonly MeterReading[];
}

/** Runs an answer of which a part is held, as an edge that answers each reading with `next`. */
async function stepped(
  directive: string,
  next: (reading: MeterReading) => Allowance,
  dialect: DialectId = 'openai-chat',
): Promise<Stepped> {
  const ask = {
    body: { ...body(directive), ...ASKED[dialect] },
    dialect,
    allowance: ALLOWED,
    boundNanos: 1_000_000n,
    ticket: 'ticket-0',
  };
  const stream = await harness.open(ask).opened;
  const readings: MeterReading[] = [];
  stream.onMeter((value) => {
    const reading = MeterReading.parse(value);
    readings.push(reading);
    stream.allow(z.encode(Allowance, next(reading)));
  });
  let text = '';
  for await (const bytes of stream) {
    text += Buffer.from(bytes).toString('utf8');
    stream.acknowledge(bytes.length);
  }
  const { usage } = AttemptEnd.parse(await stream.end);
  return { text, usage, readings };
}

const more = ({ outputTokens }: MeterReading): Allowance => ({
  outputTokens: outputTokens + ALLOWED,
  boundNanos: 1_000_000n + BigInt(outputTokens),
  ticket: `ticket-${outputTokens}`,
  last: false,
});
const noMore = ({ outputTokens }: MeterReading): Allowance => ({
  outputTokens,
  boundNanos: 1_000_000n,
  ticket: 'ticket-0',
  last: true,
});
const finishOf = (text: string): Record<string, unknown> => {
  const chunks = text
    .split('\n\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as { choices: Record<string, unknown>[]; error?: unknown });
  expect(chunks.every(({ error }) => error === undefined)).toBe(true);
  return chunks.flatMap(({ choices }) => choices).find(({ finish_reason: reason }) => reason !== null) ?? {};
};

describe('an answer whose bound is held in steps', () => {
  it('goes on to its end as long as more is set aside, and is vouched for by the last ticket', async () => {
    const { text, usage, readings } = await stepped('[[fault: tokens=400 tps=800]]', more);
    expect(readings.length).toBeGreaterThan(2);
    expect(usage).toMatchObject({ outcome: 'final', finishReason: 'stop', usage: { outputTokens: 400 } });
    const last = readings.at(-1)!.outputTokens;
    expect(usage).toMatchObject({ ticket: `ticket-${last}`, boundNanos: 1_000_000n + BigInt(last) });
    expect(finishOf(text)).toMatchObject({ finish_reason: 'stop' });
  });

  it('is ended within what is held when no more is given, and its client keeps what it has', async () => {
    const { text, usage } = await stepped('[[fault: tokens=5000 tps=800]]', noMore);
    const [entry] = await harness.simulator.book();
    expect(entry).toMatchObject({ aborted: true });
    expect(usage).toMatchObject({ outcome: 'estimate', finishReason: 'length', cancelled: false, ticket: 'ticket-0' });
    expect(completionTokens(usage.usage)).toBeGreaterThan(20);
    expect(completionTokens(usage.usage)).toBeLessThanOrEqual(ALLOWED);
    expect(finishOf(text)).toMatchObject({
      finish_reason: 'length',
      error: { code: 402, metadata: { reason: 'credits', held_tokens: ALLOWED } },
    });
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    // What the client reads as its cost is what the ledger books.
    expect(text).toContain('"completion_tokens":' + String(completionTokens(usage.usage)));
  });

  it.each([
    ['anthropic-messages', '"stop_reason":"max_tokens"', 'content_block_start', 'content_block_stop', 'message_stop'],
    [
      'openai-responses',
      '"incomplete_details":{"reason":"max_output_tokens","message"',
      'response.output_item.added',
      'response.output_item.done',
      'response.incomplete',
    ],
  ] as const)(
    'ends in the words of %s, which repeat what the client has',
    async (dialect, reason, begins, ends, last) => {
      const { text, usage } = await stepped('[[fault: tokens=5000 tps=800]]', noMore, dialect);
      expect(usage).toMatchObject({
        outcome: 'estimate',
        finishReason: 'length',
        cancelled: false,
        ticket: 'ticket-0',
      });
      expect(completionTokens(usage.usage)).toBeLessThanOrEqual(ALLOWED);
      expect(text).toContain(reason);
      expect(text).toContain('too little credit');
      const events = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
      expect(events.at(-1)).toBe(last);
      expect(events.filter((name) => name === begins)).toHaveLength(1);
      expect(events.filter((name) => name === ends)).toHaveLength(1);
    },
  );

  it('says nothing and asks for nothing when a short answer fits', async () => {
    const { usage, readings } = await stepped('[[fault: tokens=20]]', more);
    expect(readings).toEqual([]);
    expect(usage).toMatchObject({ outcome: 'final', ticket: 'ticket-0' });
  });

  it('does not give away a burst that is larger than what is held', async () => {
    const { text, usage } = await stepped('[[fault: tokens=20000]]', noMore);
    expect(usage).toMatchObject({ outcome: 'estimate', finishReason: 'length' });
    expect(completionTokens(usage.usage)).toBeLessThanOrEqual(ALLOWED);
    expect(text.length).toBeLessThan(200_000);
  });
});
