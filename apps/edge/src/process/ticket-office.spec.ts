import { randomUUID } from 'node:crypto';
import { readConfig } from '@switchyard/chassis';
import { AdmissionTickets } from '@switchyard/contracts';
import { edgeConfig } from '../config.js';
import type { EdgeConfig } from '../config.js';
import { Lease } from '../credit/lease.js';
import { EdgeProcess } from './edge-process.js';
import { TicketOffice } from './ticket-office.service.js';

const SECRET = 'Zk7vQ2mX9tR4wB6nL1pD8sF3hJ5gC0aY';
const environment = { NATS_URL: 'nats://127.0.0.1:4222', KEY_PEPPER: SECRET, TICKET_SECRET: SECRET };

describe('the ticket of an attempt', () => {
  const edge = new EdgeProcess('edge-1');
  const office = new TicketOffice({ TICKET_SECRET: SECRET } as EdgeConfig, edge);
  const identity = { leaseId: randomUUID(), accountId: randomUUID(), keyId: randomUUID(), keyVersion: 1 };
  const admitted = {
    generation: {
      id: 'gen-1700000000-00000000000000000000',
      hold: { boundNanos: 77n },
      admittedAtMs: 1_700_000_000_000,
    },
    endpoint: { id: 'acme:large', price: { version: 'v1', prompt: 1_000n, completion: 2_000n } },
    lease: new Lease(identity, edge.clock),
    ownKey: null,
  };

  it('vouches to the ledger for the bound, the lease, the price and this life of the edge, and for no more', () => {
    const ticket = office.issue(admitted);
    const claim = {
      ...identity,
      generationId: admitted.generation.id,
      edgeEpoch: edge.edgeEpoch,
      endpointId: 'acme:large',
      boundNanos: 77n,
      admittedAtMs: 1_700_000_000_000,
      price: { version: 'v1', prompt: 1_000n, completion: 2_000n },
      ownKey: null,
    };
    const ledger = new AdmissionTickets(SECRET);
    expect(ledger.isGenuine(ticket, claim)).toBe(true);
    expect(ledger.isGenuine(ticket, { ...claim, boundNanos: 78n })).toBe(false);
    expect(ledger.isGenuine(ticket, { ...claim, endpointId: 'acme:small' })).toBe(false);
    expect(ledger.isGenuine(ticket, { ...claim, edgeEpoch: randomUUID() })).toBe(false);
  });

  it('has a secret that the edge does not start without', () => {
    const problemsWith = (changes: Record<string, string>) =>
      readConfig(edgeConfig, { ...environment, ...changes }).problems.join();
    expect(problemsWith({})).toBe('');
    for (const TICKET_SECRET of ['', 'short', 'a'.repeat(64)])
      expect(problemsWith({ TICKET_SECRET })).toContain('TICKET_SECRET');
  });
});
