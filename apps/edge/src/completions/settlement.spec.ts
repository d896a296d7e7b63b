import { UsageEvent, usageOf } from '@switchyard/contracts';
import type { UsageOutcome } from '@switchyard/contracts';
import { z } from 'zod';
import { settlementOf } from './settlement.js';

const id = '00000000-0000-4000-8000-000000000001';
const usage = (outcome: UsageOutcome, witness: UsageEvent['witness'] = 'worker'): UsageEvent => ({
  generationId: 'gen-1700000000-00000000000000000000',
  leaseId: id,
  accountId: id,
  keyId: id,
  edgeId: 'edge',
  edgeEpoch: id,
  provider: 'acme',
  endpointId: 'acme:large',
  model: 'acme/large',
  upstreamModel: 'large',
  outcome,
  usage: usageOf({ source: 'reported', inputTokens: 10 }),
  price: { version: 'v1', prompt: 1_000n, completion: 1_000n },
  admittedAtMs: 1_700_000_000_000,
  costPicos: 10_000n,
  costNanos: 10n,
  boundNanos: 10n,
  ticket: null,
  ownKey: null,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  upstreamId: null,
  cancelled: false,
  streamed: true,
  headersMs: null,
  firstTokenMs: null,
  totalMs: 1,
  witness,
});

const generation = { generationId: 'gen', worker: 'second' };

describe('a settlement', () => {
  it.each([
    ['final', 10n],
    ['estimate', 10n],
    ['insured', 0n],
    ['void', 0n],
  ] as const)('charges a %s generation %s nano-dollars', (outcome, nanos) => {
    const settlement = settlementOf(generation, { kind: 'confirmed', usage: usage(outcome) }, 77n);
    expect(settlement.chargedNanos).toBe(nanos);
  });

  it('charges nothing above the bound, and with a key of the customer the fee alone', () => {
    const charge = (fields: Partial<UsageEvent>) =>
      settlementOf(generation, { kind: 'confirmed', usage: { ...usage('final'), ...fields } }, 77n).chargedNanos;
    expect(charge({ boundNanos: 4n })).toBe(4n);
    expect(charge({ ownKey: { feePpm: 200_000 } })).toBe(2n);
  });

  it('keeps the whole bound while nobody knows what was used', () => {
    expect(settlementOf(generation, { kind: 'unknown' }, 77n)).toMatchObject({
      chargedNanos: 77n,
      assumed: true,
      event: null,
    });
    expect(settlementOf(generation, { kind: 'nothing' }, 77n)).toMatchObject({ chargedNanos: 0n, assumed: false });
  });

  it('publishes what the worker said under its own id, and what the edge says under another', () => {
    const said = settlementOf(generation, { kind: 'confirmed', usage: usage('final') }, 77n);
    expect(said.event).toMatchObject({
      subject: 'usage.v1.acme',
      messageId: 'gen-1700000000-00000000000000000000',
      worker: 'second',
    });
    const wire = JSON.parse(Buffer.from(said.event!.bytes).toString()) as z.input<typeof UsageEvent>;
    expect(UsageEvent.decode(wire)).toEqual(usage('final'));
    const own = settlementOf(generation, { kind: 'witnessed', usage: usage('insured', 'edge') }, 77n);
    expect(own.event).toMatchObject({ messageId: 'gen-1700000000-00000000000000000000:insured', worker: null });
    const guess = settlementOf(generation, { kind: 'witnessed', usage: usage('estimate', 'edge') }, 77n);
    expect(guess.event?.messageId).toBe('gen-1700000000-00000000000000000000:estimate');
  });
});
