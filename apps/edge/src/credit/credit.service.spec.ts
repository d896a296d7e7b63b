import { randomUUID } from 'node:crypto';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { EdgeProcess } from '../process/edge-process.js';
import { CreditService, IDLE_CLOSE_MS } from './credit.service.js';
import { Lender } from './lender.js';

/** Lends what is asked for and remembers every question. */
class GenerousLender extends Lender {
  readonly closed: Parameters<Lender['close']>[0][] = [];
  readonly returned: Parameters<Lender['giveBack']>[0][] = [];
  readonly toppedUp: Parameters<Lender['topUp']>[0][] = [];
  private readonly granted = new Map<string, bigint>();
  away = false;

  override async grant({ leaseId, wantNanos }: Parameters<Lender['grant']>[0]): ReturnType<Lender['grant']> {
    if (this.away) throw new GatewayError('service_unavailable');
    this.granted.set(leaseId, wantNanos);
    return { outcome: 'granted', leaseId, grantedNanos: wantNanos, ttlMs: 60_000 };
  }
  override async topUp(request: Parameters<Lender['topUp']>[0]): ReturnType<Lender['topUp']> {
    if (this.away) throw new GatewayError('service_unavailable');
    this.toppedUp.push(request);
    const grantedNanos = this.granted.get(request.leaseId)! + request.wantNanos;
    this.granted.set(request.leaseId, grantedNanos);
    return { outcome: 'granted', leaseId: request.leaseId, grantedNanos, ttlMs: 60_000 };
  }
  override async giveBack(request: Parameters<Lender['giveBack']>[0]): ReturnType<Lender['giveBack']> {
    if (this.away) throw new GatewayError('service_unavailable');
    this.returned.push(request);
    return {};
  }
  override async close(request: Parameters<Lender['close']>[0]): ReturnType<Lender['close']> {
    this.closed.push(request);
    return { state: 'closed', returnedNanos: 0n };
  }
}

const key: ApiKey = {
  id: randomUUID(),
  digest: 'a'.repeat(64),
  kind: 'inference',
  accountId: randomUUID(),
  workspaceId: randomUUID(),
  creatorUserId: null,
  name: 'key',
  label: 'sk-…',
  disabled: false,
  limitNanos: null,
  limitReset: null,
  includeByokInLimit: false,
  expiresAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: null,
  lastUsedAt: null,
  externalUser: null,
  version: 1,
  budgets: [],
  operator: false,
};
const event = { subject: 'usage.v1.acme', bytes: Buffer.from('{}'), messageId: 'gen-1' };

describe('the credit service', () => {
  let now: number;
  let lender: GenerousLender;
  let credit: CreditService;

  beforeEach(() => {
    now = 0;
    lender = new GenerousLender();
    credit = new CreditService(lender, new EdgeProcess('edge', () => now));
  });

  it('gives an idle lease back, but for what the ledger has not applied yet', async () => {
    const hold = await credit.admit(key, 1_000n);
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 300n, event, assumed: false });
    now = IDLE_CLOSE_MS;
    await credit.keep();
    expect(lender.closed).toHaveLength(0);
    now = IDLE_CLOSE_MS + 1;
    await credit.keep();
    expect(lender.closed).toMatchObject([{ leaseId: hold.lease.identity.leaseId, keepNanos: 300n }]);
    expect(credit.activeLeases).toBe(0);
  });

  it('keeps a lease on which a generation runs, and renews it in time', async () => {
    await credit.admit(key, 1_000n);
    now = 31_000;
    await credit.keep();
    expect(lender.closed).toHaveLength(0);
    expect(lender.toppedUp).toMatchObject([{ wantNanos: 0n, minNanos: 0n }]);
  });

  it('renews a lease that is out of use as long as a generation runs on it', async () => {
    const hold = await credit.admit(key, 1_000n);
    await credit.admit({ ...key, version: 2 }, 1_000n);
    now = 31_000;
    await credit.keep();
    expect(lender.toppedUp.map(({ leaseId }) => leaseId)).toContain(hold.lease.identity.leaseId);
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 0n, event: null, assumed: false });
    await credit.keep();
    expect(lender.closed).toMatchObject([{ leaseId: hold.lease.identity.leaseId, keepNanos: 0n }]);
  });

  it('tops up a low lease before anybody has to wait', async () => {
    await credit.admit(key, 9_000_000n);
    await credit.keep();
    expect(lender.toppedUp).toHaveLength(1);
    lender.away = true;
    await credit.admit(key, 9_000_000n);
  });

  it('keeps the bounds of what runs when everything is given back', async () => {
    await credit.admit(key, 1_000n);
    await credit.closeAll();
    expect(lender.closed).toMatchObject([{ keepNanos: 1_000n }]);
  });

  it('waits a moment for the ledger when everything is given back, so that nothing stays lent that is booked', async () => {
    const hold = await credit.admit(key, 1_000n);
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 300n, event, assumed: false });
    await credit.admit({ ...key, id: randomUUID() }, 700n);
    const closing = credit.closeAll(60_000);
    expect(lender.closed).toMatchObject([{ keepNanos: 700n }]);
    credit.pending.confirm({ generationId: 'gen-1', chargedNanos: 300n });
    await closing;
    expect(lender.closed).toMatchObject([{ keepNanos: 700n }, { keepNanos: 0n }]);
  });

  it('keeps what a ledger that is away has not confirmed', async () => {
    const hold = await credit.admit(key, 1_000n);
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 300n, event, assumed: false });
    await credit.closeAll(30);
    expect(lender.closed).toMatchObject([{ keepNanos: 300n }]);
  });

  it('answers a recall at once with all that nothing is held or charged against', async () => {
    const hold = await credit.admit(key, 1_000n);
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 300n, event, assumed: false });
    await credit.admit(key, 2_000n);
    const { leaseId } = hold.lease.identity;
    const granted = hold.lease.grantedNanos;
    const recallId = randomUUID();
    await credit.recall({ recallId, edgeId: 'edge', leaseIds: [leaseId, randomUUID()] });
    expect(lender.returned).toMatchObject([{ recallId, leases: [{ leaseId, returnedNanos: granted - 2_300n }] }]);
    await credit.recall({ recallId: randomUUID(), edgeId: 'edge', leaseIds: [randomUUID()] });
    expect(lender.returned[1]).toMatchObject({ leases: [] });
    await credit.keep();
    // It is needed elsewhere: it is not borrowed again before a request needs it.
    expect(lender.toppedUp).toEqual([]);
    expect(lender.returned).toHaveLength(2);
  });

  it('renews a lease of which it was asked to give back, however often', async () => {
    const { lease } = await credit.admit(key, 1_000n);
    const leaseIds = [lease.identity.leaseId];
    now = 31_000;
    await credit.recall({ recallId: randomUUID(), edgeId: 'edge', leaseIds });
    await credit.keep();
    expect(lender.toppedUp).toMatchObject([{ wantNanos: 0n, minNanos: 0n, returnedNanos: lease.returnedNanos }]);
    await credit.recall({ recallId: randomUUID(), edgeId: 'edge', leaseIds });
    // It has nothing more to give, and says so without naming a lease.
    expect(lender.returned[1]).toMatchObject({ leases: [] });
  });

  it('repeats what it gave up until the ledger has heard it', async () => {
    const { lease } = await credit.admit(key, 1_000n);
    const { leaseId } = lease.identity;
    lender.away = true;
    const recall = { recallId: randomUUID(), edgeId: 'edge', leaseIds: [leaseId] };
    await expect(credit.recall(recall)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(lease.roomNanos).toBe(0n);
    await credit.keep();
    lender.away = false;
    await credit.keep();
    await credit.keep();
    expect(lender.returned).toEqual([
      expect.objectContaining({ recallId: null, leases: [{ leaseId, returnedNanos: lease.returnedNanos }] }),
    ]);
  });

  it('settles a generation whose key was deleted while it ran, and gives the rest of its lease back', async () => {
    const hold = await credit.admit(key, 1_000n);
    // The next question about the key is answered with another version or not at all; the lease runs out with its generation.
    const other = await credit.admit({ ...key, version: 2, disabled: true }, 1n);
    credit.settle(other, { generationId: 'gen-2', chargedNanos: 0n, event: null, assumed: false });
    credit.settle(hold, { generationId: 'gen-1', chargedNanos: 700n, event, assumed: false });
    await credit.keep();
    expect(lender.closed).toMatchObject([{ leaseId: hold.lease.identity.leaseId, keepNanos: 700n }]);
    credit.pending.confirm({ generationId: 'gen-1', chargedNanos: 700n });
    expect(credit.pending.size).toBe(0);
  });

  it('admits nothing while it cannot remember more usage', async () => {
    const hold = await credit.admit(key, 1_000n);
    for (let index = 0; !credit.pending.full; index += 1)
      credit.pending.remember({ generationId: `gen-${index}`, lease: hold.lease, chargedNanos: 0n, event });
    await expect(credit.admit(key, 1n)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
