import { randomUUID } from 'node:crypto';
import { AttemptCall } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { z } from 'zod';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import type { EdgeConfig } from '../config.js';
import { Lease } from '../credit/lease.js';
import { EdgeProcess } from '../process/edge-process.js';
import { TicketOffice } from '../process/ticket-office.service.js';
import { attemptCall } from './attempt-call.js';
import { attemptOptionsOf } from './attempt-options.js';
import type { Generation } from './generation.js';

const config = {
  TICKET_SECRET: 'Zk7vQ2mX9tR4wB6nL1pD8sF3hJ5gC0aY',
  UPSTREAM_CONNECT_MS: 2_000,
  UPSTREAM_FIRST_BYTE_MS: 30_000,
  UPSTREAM_REASONING_FIRST_BYTE_MS: 120_000,
  UPSTREAM_IDLE_MS: 60_000,
  UPSTREAM_TOTAL_MS: 600_000,
  MAX_ATTEMPTS: 5,
  ATTEMPT_WINDOW_MS: 20_000,
  DEFAULT_HEDGE: 'off',
  DEFAULT_CONTINUE: 'off',
} as EdgeConfig;
const edge = new EdgeProcess('edge-1');
const tickets = new TicketOffice(config, edge);
const [accountId, keyId] = [randomUUID(), randomUUID()];
const lease = new Lease({ leaseId: randomUUID(), accountId, keyId, keyVersion: 1 }, edge.clock);
const price = {
  version: 'v1',
  prompt: 1_000n,
  completion: 2_000n,
  overrides: [{ minPromptTokens: 9, prompt: 3_000n }],
};
const model = aModel({ endpoints: [anEndpoint({ price })] });
const endpoint = model.endpoints[0]!;
const request = dialectOf('openai-chat').parseRequest({
  model: model.id,
  messages: [{ role: 'user', content: 'Hi' }],
  stream: true,
});
const generation: Generation = {
  id: 'gen-1700000000-00000000000000000000',
  caller: { key: { id: keyId, accountId } as ApiKey },
  claim: null,
  dialect: 'openai-chat',
  request,
  body: Buffer.from('{}'),
  client: { httpReferer: null, appTitle: null, userAgent: null, sessionId: null },
  clientHeaders: {},
  candidates: [{ endpoint, model, reason: 'price_weighted' }],
  verdicts: [{ endpointId: endpoint.id, kept: true, reason: 'price_weighted' }],
  hold: { boundNanos: 12_345_678_901_234_567n },
  steps: null,
  promptBytes: 2,
  admittedAtMs: 1_700_000_000_123,
  startedMs: edge.clock(),
  attempts: [],
};
const everything: Partial<Generation> = {
  clientHeaders: { 'anthropic-beta': 'one,two' },
  strict: true,
  tellsRouting: true,
  options: attemptOptionsOf({ 'x-switchyard-continue': 'on', 'x-switchyard-limits': 'total=5000' }, config),
};
const callOf = (fields: Partial<Generation> = {}, routed = {}) =>
  attemptCall(
    { ...generation, ...fields },
    {
      number: 1,
      candidate: { endpoint, model, reason: 'price_weighted', ...routed },
      reason: 'continuation',
      waitMs: 0,
      triesHere: 1,
      wasWell: true,
      slot: null,
    },
    lease,
    { edge, config, tickets },
  );

describe('the call of an attempt', () => {
  it.each([
    ['what every request has', callOf()],
    ['all that a request can have', callOf(everything, { routed: { serviceTier: 'flex', reasoning: true } })],
    ['a job', callOf({ job: 'embeddings' })],
  ])('is written as its contract has it, with %s', (_, call) => {
    const onTheWire: unknown = JSON.parse(JSON.stringify(call));
    const read = AttemptCall.decode(onTheWire as z.input<typeof AttemptCall>);
    expect(onTheWire).toEqual(z.encode(AttemptCall, read));
    expect(read.endpoint).toEqual(endpoint);
    expect(read.boundNanos).toBe(12_345_678_901_234_567n);
    expect(read).toMatchObject({ accountId, keyId, edgeId: 'edge-1', created: 1_700_000_000 });
  });

  it('has the price that its endpoint has now', () => {
    const dearer = { ...endpoint, price: { ...price, prompt: 7_000n } };
    expect(callOf({}, { endpoint: dearer }).endpoint.price.prompt).toBe('7000');
    expect(callOf().endpoint.price.prompt).toBe('1000');
  });
});
