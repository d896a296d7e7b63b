import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ROOT, START_TIMEOUT_MS } from './test-stack.js';
import { FaultBench } from './money/fault-bench.js';
import { SHORT_TIMES } from './money/fault-stack.js';
import type { Seen } from './money/clients.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('when a wall clock is wrong', () => {
  let bench: FaultBench;
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-clocks-'));
  const fileOf = (name: string) => path.join(folder, name);
  const shift = (name: string, ms: number) => writeFileSync(fileOf(name), String(ms));
  const preload = pathToFileURL(path.join(ROOT, 'e2e/src/money/shift-clock.mjs')).href;
  const movable = (name: string) => ({
    [name]: { NODE_OPTIONS: `--import=${preload}`, SHIFTED_CLOCK_FILE: fileOf(name) },
  });

  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1, overrides: { ...movable('ledger'), ...movable('edge-2') } });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await bench?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, START_TIMEOUT_MS);

  const unserved = (seen: readonly Seen[]) => seen.filter(({ how }) => how !== 'whole' && how !== 'left');

  it.each([
    ['two hours ahead', 2 * HOUR_MS],
    ['two hours behind', -2 * HOUR_MS],
  ])(
    'of the ledger, %s under load: nobody notices',
    async (_, ms) => {
      const seen = await bench.during({ name: `ledger-clock-${ms}`, clients: 8 }, async () => {
        shift('ledger', ms);
        await sleep(3_000);
        shift('ledger', 0);
      });
      expect(unserved(seen)).toEqual([]);
      expect((await bench.money()).faults).toEqual([]);
    },
    60_000,
  );

  /** Generations that were captured from the account, because their lease was closed before they were booked. */
  const lateCaptures = async () => {
    const [row] = await bench.stack.books.rows<{ count: string }>(
      'SELECT count(*) FROM ledger.transfer WHERE code = 3',
    );
    return Number(row?.count);
  };

  it.each([
    ['a day ahead', DAY_MS, 3_000],
    // An edge that went by the wall clock would believe in its leases for a day, and spend them after the ledger has closed them.
    ['a day behind', -DAY_MS, SHORT_TIMES.leaseTtlMs + SHORT_TIMES.leaseGraceMs + 2_000],
  ])(
    'of an edge, %s under load: nobody notices, leases live by the monotonic clock',
    async (_, ms, forMs) => {
      const seen = await bench.during({ name: `edge-clock-${ms}`, clients: 8 }, async () => {
        shift('edge-2', ms);
        await sleep(forMs);
        // Proof that the clock was really moved: an id begins with the second in which it was made.
        const { generationId } = await bench.ask(`edge-clock-id-${ms}`, { edge: 1 });
        const idMs = Number(generationId?.split('-')[1]) * 1_000;
        expect(Math.abs(idMs - Date.now() - ms)).toBeLessThan(HOUR_MS);
        shift('edge-2', 0);
      });
      expect(unserved(seen)).toEqual([]);
      expect(bench.clientFaults).toEqual([]);
      expect((await bench.money()).faults).toEqual([]);
      expect(await lateCaptures()).toBe(0);
    },
    60_000,
  );

  it('of the database, ahead past a midnight: leases close early, and late usage is captured from the account', async () => {
    const { books } = bench.stack;
    // The ledger takes every time from one function of the database, so that is the clock to move.
    const set = (ms: number) =>
      books.rows(
        `CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
         'SELECT clock_timestamp() + interval ''${ms} milliseconds'''`,
      );
    const seen = await bench.during({ name: 'database-clock', clients: 8 }, async () => {
      await set(DAY_MS);
      await sleep(3_000);
    });
    // An edge whose lease was closed under it asks for a new one: a pause, no error.
    expect(unserved(seen)).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
    expect(await lateCaptures()).toBeGreaterThan(0);
    await set(0);
    expect((await bench.ask('database-clock-back')).how).toBe('whole');
    expect((await bench.money()).faults).toEqual([]);
  }, 60_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});
