import { Liveness } from './liveness.js';
import { newCounters } from './ports.js';
import { Probe } from './probe.js';
import { STREAM_TIMERS } from './timers.js';

const SILENCE_MS = STREAM_TIMERS.probeMs;
const PATIENCE = { silenceMs: SILENCE_MS, missedPings: STREAM_TIMERS.missedPings };

/** What a probe does over a time in which nothing is heard, by millisecond. */
function watch(probe: Probe, fromMs: number, untilMs: number): [number, string][] {
  const steps: [number, string][] = [];
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 50) {
    const step = probe.tick(nowMs, PATIENCE);
    if (step !== 'quiet') steps.push([nowMs, step]);
    if (step === 'dead') break;
  }
  return steps;
}

describe('the probe of a silent worker', () => {
  it('asks after the silence and gives up after three time-outs in a row', () => {
    const steps = watch(new Probe(STREAM_TIMERS, newCounters(), 0), 0, 10_000);
    expect(steps.map(([, step]) => step)).toEqual(['ask', 'ask', 'ask', 'dead']);
    expect(steps[0]![0]).toBe(SILENCE_MS);
    expect(steps.at(-1)![0]).toBeLessThan(6_000);
  });

  it('begins anew with everything it hears', () => {
    const probe = new Probe(STREAM_TIMERS, newCounters(), 0);
    expect(watch(probe, 0, 2_500).length).toBe(2);
    probe.heard(2_500);
    expect(watch(probe, 2_500, 10_000).map(([, step]) => step)).toEqual(['ask', 'ask', 'ask', 'dead']);
  });

  it('takes no responders for death, but not right after a reconnect', () => {
    const probe = new Probe(STREAM_TIMERS, newCounters(), 0);
    expect(probe.noResponders(1_000)).toBe(true);
    probe.reconnected(1_000);
    expect(probe.noResponders(1_000 + STREAM_TIMERS.reconnectGraceMs - 1)).toBe(false);
    expect(probe.noResponders(1_000 + STREAM_TIMERS.reconnectGraceMs)).toBe(true);
  });

  it('keeps asking after a reconnect and counts only what times out after the grace', () => {
    const probe = new Probe(STREAM_TIMERS, newCounters(), 0);
    probe.reconnected(0);
    const steps = watch(probe, 0, 20_000);
    expect(steps.filter(([, step]) => step === 'ask').length).toBeGreaterThan(10);
    expect(steps.at(-1)![0]).toBeGreaterThan(STREAM_TIMERS.reconnectGraceMs);
  });
});

describe('liveness by heartbeats', () => {
  const beats = (liveness: Liveness, count: number) => Array.from({ length: count }, () => liveness.tick()).flat();

  it('counts a peer as dead after three whole intervals without a beat', () => {
    const liveness = new Liveness(3);
    liveness.watch('a');
    expect(beats(liveness, 3)).toEqual([]);
    expect(beats(liveness, 1)).toEqual(['a']);
  });

  it('forgives with a beat or a reconnect, and forgets peers without streams', () => {
    const liveness = new Liveness(3);
    liveness.watch('a');
    liveness.watch('a');
    beats(liveness, 3);
    liveness.beat('a');
    expect(beats(liveness, 3)).toEqual([]);
    liveness.reset();
    expect(beats(liveness, 3)).toEqual([]);
    liveness.unwatch('a');
    expect(beats(liveness, 1)).toEqual(['a']);
    liveness.unwatch('a');
    expect(beats(liveness, 9)).toEqual([]);
  });

  it('counts pings that were not answered in time, and how often that was the end', () => {
    const counters = newCounters();
    watch(new Probe(STREAM_TIMERS, counters, 0), 0, 10_000);
    expect(counters).toMatchObject({ probesSuspect: STREAM_TIMERS.missedPings - 1, probesDead: 1 });
    new Probe(STREAM_TIMERS, counters, 0).noResponders(1_000);
    expect(counters).toMatchObject({ probesSuspect: STREAM_TIMERS.missedPings - 1, probesDead: 2 });
  });
});
