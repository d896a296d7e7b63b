import { randomUUID } from 'node:crypto';
import { AdmissionTickets, type AdmissionClaim } from './admission-ticket.js';

const claim: AdmissionClaim = {
  generationId: 'gen-1763800000-abcdefghijabcdefghij',
  leaseId: randomUUID(),
  accountId: randomUUID(),
  keyId: randomUUID(),
  edgeEpoch: randomUUID(),
  endpointId: 'sandbox:sandbox/echo',
  boundNanos: 1_000n,
  admittedAtMs: 1_763_800_000_000,
  price: { version: '1', prompt: 1n, completion: 2n },
  ownKey: null,
};
const changes: Partial<AdmissionClaim>[] = [
  { generationId: 'gen-1763800000-abcdefghijabcdefghik' },
  { leaseId: randomUUID() },
  { accountId: randomUUID() },
  { keyId: randomUUID() },
  { edgeEpoch: randomUUID() },
  { endpointId: 'other' },
  { boundNanos: 1_001n },
  { admittedAtMs: 1 },
  { price: { version: '1', prompt: 1n, completion: 3n } },
  { ownKey: { feePpm: 0 } },
];

describe('admission tickets', () => {
  const tickets = new AdmissionTickets('a secret of at least 32 characters!');

  it('hold for what they were issued for, also when its price was decoded elsewhere', () => {
    const ticket = tickets.issue(claim);
    expect(ticket.length).toBeLessThanOrEqual(64);
    expect(tickets.isGenuine(ticket, { ...claim, price: { completion: 2n, prompt: 1n, version: '1' } })).toBe(true);
  });

  it.each(changes)('do not hold when the claim changes: %p', (change) => {
    expect(tickets.isGenuine(tickets.issue(claim), { ...claim, ...change })).toBe(false);
  });

  it('do not hold under another secret, cut short or as garbage', () => {
    const ticket = tickets.issue(claim);
    expect(new AdmissionTickets('another secret of 32 characters, yes').isGenuine(ticket, claim)).toBe(false);
    for (const forged of ['', ticket.slice(1), `${ticket}AAAA`, '%%%'])
      expect(tickets.isGenuine(forged, claim)).toBe(false);
  });
});
