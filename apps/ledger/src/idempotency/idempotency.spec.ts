import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { fundAccount } from '../testing/accounts.js';
import { generationId, grantRequest, incoming, TTL_MS, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IdempotencySweeper } from './idempotency-sweeper.js';

const ASKED = 'a'.repeat(64);
const ASKED_OTHERWISE = 'b'.repeat(64);

describe('an idempotency key', () => {
  let bench: LedgerBench;
  let keys: IdempotencyRepository;
  let keyId: string;
  const owner = randomUUID();

  const claim = (generation: string, fields: { key?: string; keyId?: string; fingerprint?: string } = {}) =>
    keys.claim({ keyId, key: 'order 7', fingerprint: ASKED, generationId: generation, ...fields });
  const release = (generation: string) => keys.release({ keyId, key: 'order 7', generationId: generation });
  const finish = (id: string, status: number) =>
    bench.asService(
      'SELECT record_generations(ARRAY[$1], ARRAY[$2]::uuid[], ARRAY[$3]::uuid[], ARRAY[now()], ARRAY[$4::jsonb])',
      [id, owner, keyId, JSON.stringify({ status })],
    );
  const use = async (id: string, outcome: 'final' | 'insured') => {
    const request = grantRequest({ accountId: await fundAccount(bench, 1_000n), minNanos: 100n, wantNanos: 100n });
    await bench.leases.grant(request, TTL_MS);
    await bench.usage.apply([incoming(usageEvent(request, 10n, { generationId: id, outcome }))]);
  };

  beforeAll(async () => {
    bench = await startLedgerBench();
    keys = new IdempotencyRepository(new LedgerRepository(bench.dataSource));
  }, 60_000);
  beforeEach(async () => {
    await bench.setClock(new Date('2026-11-22T10:00:00Z'));
    keyId = randomUUID();
  });
  afterAll(async () => {
    await bench?.stop();
  });

  it('is one generation’s among a hundred that claim it at once', async () => {
    const ids = Array.from({ length: 100 }, generationId);
    const replies = await Promise.all(ids.map((id) => claim(id)));
    const [winner, ...others] = ids.filter((_, index) => replies[index]!.state === 'claimed');
    expect(others).toEqual([]);
    expect(new Set(replies.map((reply) => reply.generationId))).toEqual(new Set([winner]));
    expect(replies.filter(({ state }) => state === 'in_flight')).toHaveLength(99);
  });

  it('is claimed again by its own generation, however often that asks', async () => {
    const id = generationId();
    for (let time = 0; time < 3; time += 1)
      await expect(claim(id)).resolves.toEqual({ state: 'claimed', generationId: id });
  });

  it('is done once its generation used something, also what nobody pays for', async () => {
    for (const outcome of ['final', 'insured'] as const) {
      keyId = randomUUID();
      const id = generationId();
      await claim(id);
      await use(id, outcome);
      await expect(claim(generationId())).resolves.toEqual({ state: 'done', generationId: id });
    }
  });

  it('is done once its generation was answered, before its usage is booked, and not when it failed', async () => {
    const id = generationId();
    await claim(id);
    await finish(id, 502);
    await expect(claim(generationId())).resolves.toEqual({ state: 'in_flight', generationId: id });
    await finish(id, 200);
    await expect(claim(generationId())).resolves.toEqual({ state: 'done', generationId: id });
  });

  it('is of one request: another one under it learns of the mismatch before and after it is done', async () => {
    const id = generationId();
    await claim(id);
    const otherwise = () => claim(generationId(), { fingerprint: ASKED_OTHERWISE });
    await expect(otherwise()).resolves.toEqual({ state: 'mismatch', generationId: id });
    await use(id, 'final');
    await expect(otherwise()).resolves.toEqual({ state: 'mismatch', generationId: id });
  });

  it('is of one API key', async () => {
    const [id, other] = [generationId(), generationId()];
    await claim(id);
    await expect(claim(other, { keyId: randomUUID() })).resolves.toEqual({ state: 'claimed', generationId: other });
    await expect(claim(other, { key: 'Order 7' })).resolves.toEqual({ state: 'claimed', generationId: other });
  });

  it('is free again, for another request too, when its generation gives it back', async () => {
    const [id, next] = [generationId(), generationId()];
    await claim(id);
    await expect(release(id)).resolves.toBe(true);
    await expect(release(id)).resolves.toBe(false);
    await expect(claim(next, { fingerprint: ASKED_OTHERWISE })).resolves.toEqual({
      state: 'claimed',
      generationId: next,
    });
  });

  it('is given back by nobody else, and not after something was used', async () => {
    const id = generationId();
    await claim(id);
    await expect(release(generationId())).resolves.toBe(false);
    await expect(claim(generationId())).resolves.toEqual({ state: 'in_flight', generationId: id });
    await use(id, 'final');
    await expect(release(id)).resolves.toBe(false);
    await expect(claim(generationId())).resolves.toEqual({ state: 'done', generationId: id });
  });

  it('is had by one at a time when it is claimed and given back at once', async () => {
    let holders = 0;
    let served = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let time = 0; time < 10; time += 1) {
          const id = generationId();
          if ((await claim(id)).state !== 'claimed') continue;
          holders += 1;
          served += 1;
          await expect(claim(generationId())).resolves.toMatchObject({ state: 'in_flight', generationId: id });
          expect(holders).toBe(1);
          holders -= 1;
          expect(await release(id)).toBe(true);
        }
      }),
    );
    expect(served).toBeGreaterThan(1);
  });

  it('is taken over after 24 hours, by one of many, also with another request', async () => {
    const first = generationId();
    await claim(first);
    await bench.setClock(new Date('2026-11-23T09:59:59.999Z'));
    await expect(claim(generationId())).resolves.toEqual({ state: 'in_flight', generationId: first });
    await bench.setClock(new Date('2026-11-23T10:00:00Z'));
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => claim(generationId(), { fingerprint: ASKED_OTHERWISE })),
    );
    expect(replies.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(replies.filter(({ state }) => state === 'in_flight')).toHaveLength(19);
    // What the first one used later is not this one's.
    await use(first, 'final');
    await expect(claim(generationId(), { fingerprint: ASKED_OTHERWISE })).resolves.toMatchObject({
      state: 'in_flight',
    });
  });

  it('is forgotten after 24 hours, some at a time, and not before', async () => {
    const sweeper = new IdempotencySweeper(keys);
    await bench.setClock(new Date('2026-12-01T00:00:00Z'));
    await sweeper.sweep();
    const claimMany = () =>
      Promise.all(Array.from({ length: 7 }, (_, index) => claim(generationId(), { key: randomUUID() + index })));
    await claimMany();
    await bench.setClock(new Date('2026-12-01T12:00:00Z'));
    await claimMany();
    await expect(sweeper.sweep(3)).resolves.toBe(0);
    await bench.setClock(new Date('2026-12-02T00:00:00Z'));
    await expect(sweeper.sweep(3)).resolves.toBe(7);
    const rows = await bench.asService<{ count: string }>('SELECT count(*) FROM idempotency');
    expect(rows[0]!.count).toBe('7');
  });

  it('is written where the service itself cannot', async () => {
    await claim(generationId());
    for (const sql of [
      'DELETE FROM idempotency',
      'UPDATE idempotency SET generation_id = generation_id',
      'INSERT INTO idempotency DEFAULT VALUES',
      `SELECT generation_happened('gen-1763800000-aaaaaaaaaaaaaaaaaaaa')`,
    ])
      await expect(bench.asService(sql)).rejects.toThrow('permission denied');
  });
});
