import { PublishSchedule } from './publish-schedule.js';

describe('the schedule of publishing', () => {
  it('publishes the first news at once and later ones once a second', () => {
    const schedule = new PublishSchedule();
    schedule.touch('a', 0);
    expect(schedule.due(0)).toEqual(['a']);
    schedule.published('a', 0);
    for (let nowMs = 1; nowMs < 1_000; nowMs += 100) {
      schedule.touch('a', nowMs);
      expect(schedule.due(nowMs)).toEqual([]);
    }
    expect(schedule.due(1_000)).toEqual(['a']);
  });

  it('does not wait with a change of state', () => {
    const schedule = new PublishSchedule();
    schedule.touch('a', 0);
    schedule.published('a', 0);
    schedule.touch('a', 10, true);
    expect(schedule.isDue('a', 10)).toBe(true);
  });

  it('refreshes idle windows every 30 s while they run empty, then rarely, then not at all', () => {
    const schedule = new PublishSchedule();
    schedule.touch('a', 0);
    let published = 0;
    const publishedUntil = (endMs: number, fromMs: number): number => {
      published = 0;
      for (let nowMs = fromMs; nowMs < endMs; nowMs += 1_000) {
        for (const id of schedule.due(nowMs)) {
          schedule.published(id, nowMs);
          published += 1;
        }
      }
      return published;
    };
    expect(publishedUntil(30 * 60_000, 0)).toBe(60);
    expect(publishedUntil(24 * 3_600_000, 60 * 60_000)).toBeLessThan(145);
    expect(publishedUntil(30 * 3_600_000, 26 * 3_600_000)).toBe(0);
  });

  it('tries again what did not get out', () => {
    const schedule = new PublishSchedule();
    schedule.touch('a', 0);
    schedule.published('a', 0);
    schedule.failed('a');
    expect(schedule.due(999)).toEqual([]);
    expect(schedule.due(1_000)).toEqual(['a']);
    schedule.forget('a');
    expect(schedule.due(1_000)).toEqual([]);
  });
});
