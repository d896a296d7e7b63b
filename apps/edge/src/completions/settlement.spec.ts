import { UsageEvent } from '@switchyard/contracts';
import type { UsageOutcome } from '@switchyard/contracts';
import { z } from 'zod';
import { aUsageEvent } from '../testing/usage-events.js';
import { settlementOf } from './settlement.js';

const usage = (outcome: UsageOutcome, witness: UsageEvent['witness'] = 'worker'): UsageEvent =>
  aUsageEvent({ outcome, witness });

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
