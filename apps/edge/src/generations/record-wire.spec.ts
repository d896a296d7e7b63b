import { GenerationRecord } from '@switchyard/contracts';
import type { Attempt } from '@switchyard/contracts';
import fc from 'fast-check';
import { z } from 'zod';
import { recordWire } from './record-wire.js';

const id = '00000000-0000-4000-8000-000000000001';
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('\0', 'a\0b', '\ud800', 'x'.repeat(600), `${'x'.repeat(511)}\u{1f600}`),
);
const maybe = fc.option(text, { nil: null });
const nanos = fc.bigInt({ min: 0n, max: 10n ** 18n });

const attempt: fc.Arbitrary<Attempt> = fc.record(
  {
    number: fc.integer({ min: 1, max: 9 }),
    endpointId: fc.constant('acme:large'),
    provider: fc.constant('acme'),
    providerName: fc.constant('Acme'),
    model: fc.constant('acme/large'),
    reason: fc.constantFrom('order', 'fallback'),
    outcome: fc.constantFrom('success', 'failed', 'cancelled'),
    status: fc.constantFrom(200, null),
    errorCode: fc.constantFrom('upstream_error', null),
    worker: fc.constantFrom('w', null),
    upstreamId: maybe,
    startedAtMs: fc.nat(),
    headersMs: fc.constantFrom(1.5, null),
    firstTokenMs: fc.constantFrom(2.5, null),
    totalMs: fc.nat(),
    droppedParameters: fc.constant(['top_k']),
    strippedReasoning: fc.constant(2),
    left: fc.constant('retry'),
    costNanos: nanos,
    payer: fc.constantFrom('customer', 'house'),
  },
  {
    requiredKeys: [
      'number',
      'endpointId',
      'provider',
      'providerName',
      'model',
      'reason',
      'outcome',
      'status',
      'errorCode',
      'worker',
      'upstreamId',
      'startedAtMs',
      'headersMs',
      'firstTokenMs',
      'totalMs',
    ],
  },
);

const record: fc.Arbitrary<GenerationRecord> = fc
  .record({
    requestedModel: text,
    nativeFinishReason: maybe,
    upstreamId: maybe,
    httpReferer: maybe,
    appTitle: maybe,
    userAgent: maybe,
    sessionId: maybe,
    externalUser: maybe,
    attempts: fc.array(attempt, { maxLength: 3 }),
    boundNanos: nanos,
    cached: fc.boolean(),
  })
  .map(({ cached, ...drawn }) => ({
    id: 'gen-1700000000-00000000000000000000',
    accountId: id,
    workspaceId: id,
    keyId: id,
    createdAt: '2026-11-22T12:00:00.000Z',
    model: 'acme/large',
    provider: 'acme',
    providerName: 'Acme',
    endpointId: 'acme:large',
    dialect: 'openai-chat',
    streamed: true,
    cancelled: false,
    status: 200,
    errorCode: null,
    finishReason: 'stop',
    candidates: [{ endpointId: 'acme:large', kept: true, reason: 'order' }],
    priceVersion: 'v1',
    latencyMs: 1.5,
    generationMs: 2,
    overheadMs: null,
    ...drawn,
    ...(cached && { responseCacheSourceId: 'gen-1700000000-00000000000000000001' }),
  }));

describe('a generation record on the bus', () => {
  it('is what its contract makes of it', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(recordWire(one)).toEqual(z.encode(GenerationRecord, one));
      }),
    );
  });
});
