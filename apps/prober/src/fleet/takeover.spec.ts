import fc from 'fast-check';
import type { AttemptOutcome } from '@switchyard/contracts';
import type { SavedBlock } from '../state/saved-block.js';
import { blockKey } from '../state/saved-block.js';
import { anOutcome } from '../testing/builders.js';
import { Fleet } from './fleet.js';
import { RecentOutcomes } from './recent-outcomes.js';

const ID = 'a:acme/large';
const START_MS = 1_800_000_000_000;

/** Attempts of two workers, with pauses between them; a leader stores at some of them and may die at any. */
const steps = fc.array(
  fc.record({
    afterMs: fc.nat(4_000),
    worker: fc.constantFrom('w1', 'w2'),
    outcome: fc.constantFrom('success', 'failure', 'cancelled'),
    stores: fc.boolean(),
  } as const),
  { minLength: 1, maxLength: 12 },
);

/** A leader with the bucket that it stores into. */
class Leader {
  readonly fleet = new Fleet(() => 1);

  constructor(readonly bucket: Map<string, string>) {}

  store(nowMs: number): void {
    for (const block of this.fleet.get(ID)?.takeChanges(nowMs) ?? [])
      this.bucket.set(blockKey(block), JSON.stringify(block));
  }

  static after(bucket: Map<string, string>, recent: RecentOutcomes, nowMs: number): Leader {
    const leader = new Leader(bucket);
    const blocks = [...bucket.values()].map((text) => JSON.parse(text) as SavedBlock);
    leader.fleet.restore(ID, 'acme/large', { health: null, history: null, blocks }, nowMs);
    for (const { outcome, heardAtMs } of recent.take()) leader.fleet.observe(outcome, heardAtMs);
    return leader;
  }

  read(nowMs: number) {
    const { windows, uptime, day, toolErrorRate } = this.fleet.read(ID, nowMs)!;
    return { last5m: windows.last5m, last30m: windows.last30m, uptime, day, toolErrorRate };
  }
}

function outcomesOf(all: readonly { readonly afterMs: number; worker: string; outcome: AttemptOutcome['outcome'] }[]) {
  const told = new Map<string, number>();
  let atMs = START_MS;
  return all.map(({ afterMs, worker, outcome }) => {
    atMs += afterMs;
    const number = (told.get(worker) ?? 0) + 1;
    told.set(worker, number);
    return { atMs, outcome: anOutcome({ outcome, firstTokenMs: 100 + number, origin: { worker, number } }) };
  });
}

describe('a prober that takes over', () => {
  it('knows exactly what one knows that never died, whenever the other did and whatever it had stored', () => {
    fc.assert(
      fc.property(steps, fc.nat(11), fc.integer({ min: 1, max: 3 }), (all, diesAt, every) => {
        const reference = new Leader(new Map());
        let leader = new Leader(new Map());
        let standby = new RecentOutcomes();
        outcomesOf(all).forEach(({ atMs, outcome }, index) => {
          reference.fleet.observe(outcome, atMs);
          leader.fleet.observe(outcome, atMs);
          standby.push(outcome, atMs);
          if (all[index]!.stores) leader.store(atMs);
          if (index % (diesAt + 1) !== 0 || index % every !== 0) return;
          const heard = standby;
          standby = new RecentOutcomes();
          leader = Leader.after(leader.bucket, heard, atMs);
          // The third process listens from here on, so the second must have stored what it took over.
          leader.store(atMs);
        });
        const endMs = START_MS + 60_000;
        expect(leader.read(endMs)).toEqual(reference.read(endMs));
      }),
    );
  });

  it('keeps the failures in a row, so that the fifth ejects', () => {
    const all = Array.from({ length: 5 }, () => ({ afterMs: 100, worker: 'w1', outcome: 'failure' as const }));
    const outcomes = outcomesOf(all);
    const leader = new Leader(new Map());
    for (const { atMs, outcome } of outcomes.slice(0, 4)) leader.fleet.observe(outcome, atMs);
    leader.store(START_MS + 500);
    const fleet = new Fleet(() => 2);
    const blocks = [...leader.bucket.values()].map((text) => JSON.parse(text) as SavedBlock);
    const health = leader.fleet.read(ID, START_MS + 500);
    fleet.restore(ID, 'acme/large', { health, history: null, blocks }, START_MS + 600);
    expect(fleet.observe(outcomes[4]!.outcome, START_MS + 700)).toBe(true);
    expect(fleet.read(ID, START_MS + 700)?.state).toBe('ejected');
  });
});

describe('what a prober that does not lead remembers', () => {
  it('is what it heard in the last minute, and at most so much', () => {
    const recent = new RecentOutcomes();
    for (let second = 0; second <= 300; second += 1) recent.push(anOutcome(), second * 1_000);
    const remembered = recent.take();
    expect(remembered.at(-1)?.heardAtMs).toBe(300_000);
    expect(remembered[0]!.heardAtMs).toBeLessThanOrEqual(240_001);
    expect(remembered.length).toBeLessThanOrEqual(122);
    expect(recent.take()).toEqual([]);
    for (let count = 0; count < 120_000; count += 1) recent.push(anOutcome(), 0);
    expect(recent.take().length).toBeLessThanOrEqual(100_000);
  });
});
