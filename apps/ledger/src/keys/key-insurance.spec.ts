import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { KeyInsuranceRepository } from './key-insurance.repository.js';

describe('the insurance of keys', () => {
  let bench: LedgerBench;
  let insurance: KeyInsuranceRepository;

  const use = async (insured: number, paid: number) => {
    const { request } = await askForLease(bench, await fundAccount(bench, 100_000n), 10_000n);
    await bench.usage.apply([
      ...Array.from({ length: insured }, () => incoming(usageEvent(request, 30n, { outcome: 'insured' }))),
      ...Array.from({ length: paid }, () => incoming(usageEvent(request, 7n))),
    ]);
    return request.keyId;
  };

  beforeAll(async () => {
    bench = await startLedgerBench();
    insurance = new KeyInsuranceRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);

  beforeEach(() => bench.setClock(new Date('2026-11-22T10:00:00Z')));

  afterAll(async () => {
    await bench?.stop();
  });

  it('is counted by key and day, with what it cost', async () => {
    const keyId = await use(3, 2);
    const stranger = randomUUID();
    const expected = { keyId, generations: 5, insured: 3, insuredCostNanos: 90n };
    await expect(insurance.insuranceOf({ keyIds: [stranger, keyId], days: 1 })).resolves.toEqual([
      { keyId: stranger, generations: 0, insured: 0, insuredCostNanos: 0n },
      expected,
    ]);
    await bench.setClock(new Date('2026-11-23T00:00:01Z'));
    await expect(insurance.insuranceOf({ keyIds: [keyId], days: 1 })).resolves.toMatchObject([{ generations: 0 }]);
    await expect(insurance.insuranceOf({ keyIds: [keyId], days: 2 })).resolves.toEqual([expected]);
  });

  it('makes a key conspicuous from twenty insured generations on, if they are half of all', async () => {
    await use(19, 0);
    await use(30, 31);
    await expect(insurance.conspicuous()).resolves.toBe(0);
    await use(30, 30);
    await use(20, 0);
    await expect(insurance.conspicuous()).resolves.toBe(2);
    await bench.setClock(new Date('2026-11-23T00:00:01Z'));
    await expect(insurance.conspicuous()).resolves.toBe(0);
  });
});
