import fc from 'fast-check';
import { GRACE_MS, TTL_MS } from './testing/builders.js';
import { JournalLedger } from './testing/journal-ledger.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';
import type { LedgerUnderTest } from './testing/ledger-under-test.js';
import { commandArbitraries, compare, World, type Ledgers } from './testing/model-commands.js';
import { PostgresLedger } from './testing/postgres-ledger.js';
import { ReferenceLedger } from './testing/reference-ledger.js';

const SEED = Number(process.env['LEDGER_MODEL_SEED'] ?? Date.now() % 2 ** 31);
const MEMORY_RUNS = Number(process.env['LEDGER_MODEL_MEMORY_RUNS'] ?? 10_000);
const POSTGRES_RUNS = Number(process.env['LEDGER_MODEL_POSTGRES_RUNS'] ?? 200);

describe(`the ledger against its model, seed ${SEED}`, () => {
  let bench: LedgerBench;

  /** What was answered to anything in any sequence. */
  const answers = new Set<string>();
  const runs = (ledgersOf: () => Ledgers, options: { numRuns: number; maxCommands: number; timeLimitMs: number }) =>
    fc.assert(
      fc.asyncProperty(
        fc.commands(commandArbitraries, { maxCommands: options.maxCommands, size: 'max' }),
        async (commands) => {
          const world = new World();
          const ledgers = ledgersOf();
          await Promise.all(ledgers.map(async (ledger) => start(ledger, world)));
          await fc.asyncModelRun(() => ({ model: world, real: ledgers }), commands);
          await compare(world, ledgers);
          for (const answer of world.answers) answers.add(answer);
        },
      ),
      // Shrinking is worth its time only up to a point; the seed repeats the failure.
      { seed: SEED, numRuns: options.numRuns, interruptAfterTimeLimit: options.timeLimitMs },
    );
  const start = async (ledger: LedgerUnderTest, world: World) => {
    await ledger.setNow(world.now);
    for (const accountId of world.accounts) {
      await ledger.open(accountId);
      await ledger.deposit(accountId, 12_000n, `start of ${accountId}`);
    }
  };

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  it(`agrees with a journal that keeps no balance, over ${MEMORY_RUNS} sequences in memory`, async () => {
    await runs(() => [new ReferenceLedger(TTL_MS, GRACE_MS), new JournalLedger(TTL_MS, GRACE_MS)], {
      numRuns: MEMORY_RUNS,
      maxCommands: 100,
      timeLimitMs: 60_000,
    });
    expect([...answers].toSorted()).toEqual([
      'grant budget_exhausted',
      'grant granted',
      'grant in_flight_budget_exhausted',
      'grant insufficient_credits',
      'promotional credit expired',
      'refund created',
      'refund known',
      'refund too_much',
      'usage applied',
      'usage contradiction',
      'usage corrected',
      'usage duplicate',
      'usage pending',
      'usage superseded',
      'waited applied',
    ]);
  }, 120_000);

  it('answers on PostgreSQL what the model answers, and the audit stays empty', async () => {
    await runs(() => [new ReferenceLedger(TTL_MS, GRACE_MS), new PostgresLedger(bench)], {
      numRuns: POSTGRES_RUNS,
      maxCommands: 100,
      timeLimitMs: 60_000,
    });
    await expect(bench.audit.violations()).resolves.toEqual([]);
  }, 120_000);
});
