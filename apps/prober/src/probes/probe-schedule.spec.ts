import { ProbeSchedule } from './probe-schedule.js';

describe('the schedule of probes', () => {
  it('asks what is out at most once per interval, first one interval after it went out', () => {
    const schedule = new ProbeSchedule(30_000, () => 0);
    const asked: number[] = [];
    for (let nowMs = 0; nowMs <= 120_000; nowMs += 250) if (schedule.due(['a'], nowMs, 8).length > 0) asked.push(nowMs);
    expect(asked).toEqual([30_000, 60_000, 90_000, 120_000]);
  });

  it('spreads them, later and never earlier', () => {
    const schedule = new ProbeSchedule(30_000, () => 1);
    schedule.due(['a'], 0, 8);
    expect(schedule.due(['a'], 35_999, 8)).toEqual([]);
    expect(schedule.due(['a'], 36_000, 8)).toEqual(['a']);
  });

  it('does not ask what is back, and begins anew when it goes out again', () => {
    const schedule = new ProbeSchedule(30_000, () => 0);
    schedule.due(['a'], 0, 8);
    expect(schedule.due([], 30_000, 8)).toEqual([]);
    expect(schedule.due(['a'], 31_000, 8)).toEqual([]);
    expect(schedule.due(['a'], 61_000, 8)).toEqual(['a']);
  });

  it('asks no more at once than there is room for, and the others soon after', () => {
    const schedule = new ProbeSchedule(30_000, () => 0);
    schedule.due(['a', 'b', 'c'], 0, 2);
    expect(schedule.due(['a', 'b', 'c'], 30_000, 2)).toEqual(['a', 'b']);
    expect(schedule.due(['a', 'b', 'c'], 30_250, 2)).toEqual(['c']);
  });
});
