import { AdmissionTickets, UsageEvent, usageOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { grantRequest, tickets, usageEvent } from '../testing/builders.js';
import { readUsage } from './usage-event.js';

const grant = grantRequest({ accountId: randomUUID() });
const bytesOf = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));
const encoded = (event: UsageEvent) => z.encode(UsageEvent, event) as Record<string, unknown>;
const read = (message: unknown) => readUsage(bytesOf(message), tickets);

describe('reading usage', () => {
  it('takes what an edge vouches for and prices it itself', () => {
    const event = usageEvent(grant, 700n);
    expect(read(encoded(event))).toMatchObject({ kind: 'valid', event, costPicos: 700_000n });
  });

  it.each([
    ['no ticket', { ticket: null }, 'ticket: missing'],
    ['an empty ticket', { ticket: '' }, 'ticket: not for what the event says'],
    ['garbage for a ticket', { ticket: '%%%%' }, 'ticket: not for what the event says'],
    ['a higher bound', { boundNanos: '701' }, 'ticket: not for what the event says'],
    ['the lease of another', { leaseId: randomUUID() }, 'ticket: not for what the event says'],
    ['the account of another', { accountId: randomUUID() }, 'ticket: not for what the event says'],
    ['another key', { keyId: randomUUID() }, 'ticket: not for what the event says'],
    ['another endpoint', { endpointId: 'dear' }, 'ticket: not for what the event says'],
    ['another edge', { edgeEpoch: randomUUID() }, 'ticket: not for what the event says'],
    ['another time', { admittedAtMs: 1 }, 'ticket: not for what the event says'],
    [
      'an invented generation',
      { generationId: 'gen-1763800000-aaaaaaaaaaaaaaaaaaaa' },
      'ticket: not for what the event says',
    ],
    [
      'another price',
      { price: { version: 'test', prompt: '0', completion: '1' } },
      'ticket: not for what the event says',
    ],
    ['an own key that nobody admitted', { ownKey: { feePpm: 0 } }, 'ticket: not for what the event says'],
  ])('refuses %s', (_, change, reason) => {
    expect(read({ ...encoded(usageEvent(grant, 700n)), ...change })).toMatchObject({ kind: 'unusable', reason });
  });

  it('refuses tickets of another installation', () => {
    const elsewhere = new AdmissionTickets('7f0c2a9b51de4836b0c9a4e1d8f72b35');
    const event = usageEvent(grant, 700n);
    expect(read(encoded({ ...event, ticket: elsewhere.issue(event) }))).toMatchObject({
      reason: 'ticket: not for what the event says',
    });
  });

  it.each([
    ['a negative count', -1],
    ['a fraction', 1.5],
    ['2^63', 2 ** 63],
    ['a number as text', '5'],
    ['a count without an end', 1e308],
    ['null', null],
  ])('refuses %s of tokens', (_, outputTokens) => {
    const message = { ...encoded(usageEvent(grant, 5n)), usage: { source: 'reported', outputTokens } };
    expect(read(message)).toMatchObject({
      kind: 'unusable',
      event: null,
      payload: null,
      reason: expect.stringContaining('schema: usage.outputTokens'),
    });
  });

  it('refuses an event without usage', () => {
    const { usage: _, ...rest } = encoded(usageEvent(grant, 5n));
    expect(read(rest)).toMatchObject({ kind: 'unusable', reason: 'schema: usage invalid_type' });
  });

  it('refuses a cost that does not follow from usage and price, and believes its own', () => {
    for (const change of [{ costNanos: '4' }, { costPicos: '4999' }, { costNanos: '0', costPicos: '0' }])
      expect(read({ ...encoded(usageEvent(grant, 5n)), ...change })).toMatchObject({
        reason: 'cost: does not follow from usage and price',
      });
  });

  it('refuses amounts that no transfer carries', () => {
    const usage = usageOf({ source: 'reported', outputTokens: Number.MAX_SAFE_INTEGER });
    const price = { version: 'dear', prompt: 0n, completion: 200_000n };
    expect(read(encoded(usageEvent(grant, 0n, { usage, price, boundNanos: 1n })))).toMatchObject({
      reason: 'cost: more than one transfer carries',
    });
    expect(read(encoded(usageEvent(grant, 5n, { boundNanos: 10n ** 18n + 1n })))).toMatchObject({
      reason: 'bound: more than one transfer carries',
    });
  });
});
