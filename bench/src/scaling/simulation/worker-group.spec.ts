import { Calendar } from './calendar.js';
import { seeded } from './random.js';
import { WorkerGroup } from './worker-group.js';

describe('the calendar', () => {
  it('goes by the moments, and of two for one moment takes the older first', () => {
    const calendar = new Calendar();
    const seen: string[] = [];
    for (const [delayMs, name] of [
      [5, 'late'],
      [1, 'first'],
      [1, 'second'],
      [1, 'third'],
      [0, 'now'],
    ] as const)
      calendar.after(delayMs, () => seen.push(`${name} at ${calendar.nowMs}`));
    calendar.run(2);
    expect(seen).toEqual(['now at 0', 'first at 1', 'second at 1', 'third at 1']);
    calendar.run();
    expect(seen.at(-1)).toBe('late at 5');
  });
});

describe('the queue group', () => {
  const group = (count: number, capacity: number): { calendar: Calendar; workers: WorkerGroup } => {
    const calendar = new Calendar();
    return { calendar, workers: new WorkerGroup(calendar, seeded(7), count, capacity) };
  };

  it('gives calls to anybody, not to those who have least to do', () => {
    const { workers } = group(2, 1_000);
    for (let call = 0; call < 200; call += 1) workers.take(workers.choose(false)!);
    const [one, other] = workers.workers.map(({ streams }) => streams);
    expect(one! + other!).toBe(200);
    expect(one).not.toBe(100);
    expect(Math.abs(one! - other!)).toBeLessThan(60);
  });

  it('is left by a full worker a moment later, and joined again with a tenth of its places free', () => {
    const { calendar, workers } = group(1, 20);
    const [worker] = workers.workers;
    for (let call = 0; call < 20; call += 1) workers.take(workers.choose(false)!);
    expect(workers.choose(false)).toBeNull();
    expect(workers.busyReplies).toBe(3);
    calendar.run();
    expect(workers.choose(false)).toBeNull();
    expect(workers.busyReplies).toBe(3);
    workers.release(worker!);
    expect(workers.choose(false)).toBeNull();
    workers.release(worker!);
    expect(workers.choose(false)).toBe(worker);
  });

  it('still has the dead, whom only those avoid who call by name', () => {
    const { workers } = group(2, 20);
    workers.die(0);
    const chosen = (byName: boolean): Set<number> =>
      new Set(Array.from({ length: 50 }, () => workers.choose(byName)!.machine));
    expect(chosen(false)).toEqual(new Set([0, 1]));
    expect(chosen(true)).toEqual(new Set([1]));
  });
});
