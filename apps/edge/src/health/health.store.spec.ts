import type { EndpointHealth } from '@switchyard/contracts';
import { UNKNOWN_CONDITION } from './endpoint-condition.js';
import { HealthStore, MonotonicClock } from './health.store.js';

class TestClock extends MonotonicClock {
  ms = 1_000_000;
  override nowMs(): number {
    return this.ms;
  }
}

const ID = 'acme:acme/large';
const window = { count: 10, failures: 0, latencyMs: null, throughput: null };
const verdict = (fields: Partial<EndpointHealth> = {}): EndpointHealth => ({
  endpointId: ID,
  modelId: 'acme/large',
  state: 'healthy',
  ejectedUntilMs: null,
  timesEjected: 0,
  windows: { last30s: window, last5m: window, last30m: window },
  uptime: { last5m: null, last30m: null, last1d: null },
  updatedAtMs: 5_000_000,
  ...fields,
});

describe('the health store', () => {
  let clock: TestClock;
  let store: HealthStore;
  const state = () => store.conditionOf(ID, clock.ms).state;
  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) store.observe(ID, 'failure');
  };

  beforeEach(() => {
    clock = new TestClock();
    store = new HealthStore(clock);
  });

  it('takes an unknown endpoint for healthy', () => {
    expect(store.conditionOf('never:seen', clock.ms)).toEqual(UNKNOWN_CONDITION);
  });

  it('ejects after five failures in a row for 30 s, then lets one request try', () => {
    fail(4);
    expect(state()).toBe('outage');
    fail(1);
    expect(state()).toBe('ejected');
    clock.ms += 29_999;
    expect(state()).toBe('ejected');
    clock.ms += 1;
    expect(state()).toBe('half_open');
    store.claimTrial(ID, clock.ms);
    expect(state()).toBe('ejected');
    store.observe(ID, 'success');
    expect(state()).toBe('healthy');
  });

  it('ejects longer each time a trial keeps its client waiting: 30, 60, 90 s, and never above 300 s', () => {
    const timeOut = () => store.observe(ID, 'failure', { code: 'upstream_timeout' });
    for (let time = 0; time < 5; time += 1) timeOut();
    for (const seconds of [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]) {
      clock.ms += seconds * 1_000 - 1;
      expect(state()).toBe('ejected');
      clock.ms += 1;
      expect(state()).toBe('half_open');
      timeOut();
    }
  });

  it('lets one request try every 30 s while it refuses quickly, however long it is out', () => {
    fail(5);
    let trials = 0;
    for (let second = 1; second <= 600; second += 1) {
      clock.ms += 1_000;
      if (state() !== 'half_open') continue;
      trials += 1;
      fail(1);
    }
    expect(trials).toBe(20);
    clock.ms += 30_000;
    store.observe(ID, 'success');
    expect(state()).toBe('healthy');
  });

  it('is not ejected for longer by a trial that fails in the middle', () => {
    fail(5);
    clock.ms += 30_000;
    fail(1);
    // The second ejection lasts a minute, and this trial is in its middle.
    clock.ms += 30_000;
    fail(1);
    clock.ms += 30_000;
    store.observe(ID, 'failure', { code: 'upstream_timeout' });
    clock.ms += 89_999;
    expect(state()).toBe('ejected');
    clock.ms += 1;
    expect(state()).toBe('half_open');
  });

  it('does not hold the failures against it that it was out for', () => {
    store = new HealthStore(clock, { stepMs: 1_000, maxMs: 10_000 });
    fail(5);
    clock.ms += 1_000;
    expect(state()).toBe('half_open');
    store.observe(ID, 'success');
    expect(state()).toBe('healthy');
  });

  it('is restored by an answer that somebody else had', () => {
    fail(5);
    store.report(verdict({ state: 'ejected', ejectedUntilMs: 5_030_000, restoredAtMs: null }));
    clock.ms += 1_000;
    expect(state()).toBe('ejected');
    store.report(verdict({ restoredAtMs: 5_001_000, updatedAtMs: 5_001_000 }));
    expect(state()).toBe('healthy');
  });

  it('is not restored by an answer from before its own ejection', () => {
    store.report(verdict({ restoredAtMs: 4_000_000 }));
    fail(5);
    store.report(verdict({ restoredAtMs: 4_000_000, updatedAtMs: 5_001_000 }));
    expect(state()).toBe('ejected');
  });

  it('lets another request try when the first one was cancelled or never told its outcome', () => {
    fail(5);
    clock.ms += 30_000;
    store.claimTrial(ID, clock.ms);
    store.observe(ID, 'cancelled');
    expect(state()).toBe('half_open');
    store.claimTrial(ID, clock.ms);
    clock.ms += 30_000;
    expect(state()).toBe('half_open');
  });

  it('does not count errors of the client and cancelled streams', () => {
    for (let time = 0; time < 20; time += 1) store.observe(ID, time % 2 ? 'client_error' : 'cancelled');
    expect(state()).toBe('healthy');
  });

  it('is not ejected by failures with a success between them', () => {
    for (let round = 0; round < 5; round += 1) {
      fail(4);
      store.observe(ID, 'success');
    }
    expect(state()).toBe('outage');
    clock.ms += 31_000;
    expect(state()).toBe('healthy');
  });

  it('is not restored by a stream that began before the ejection', () => {
    fail(5);
    store.observe(ID, 'success');
    expect(state()).toBe('ejected');
  });

  it('goes to the back for as long as the provider asked, at most a minute', () => {
    store.observe(ID, 'success');
    store.observe(ID, 'success');
    store.observe(ID, 'failure', { retryAfterMs: 5_000 });
    expect(state()).toBe('outage');
    clock.ms += 5_000;
    expect(state()).toBe('healthy');
    store.observe(ID, 'failure', { retryAfterMs: 86_400_000 });
    clock.ms += 59_999;
    expect(state()).toBe('outage');
    clock.ms += 1;
    expect(state()).toBe('healthy');
  });

  it('follows the prober in its own clock, whatever the wall clocks say', () => {
    store.report(verdict({ state: 'ejected', ejectedUntilMs: 5_030_000, timesEjected: 1 }));
    expect(state()).toBe('ejected');
    clock.ms += 30_000;
    expect(state()).toBe('half_open');
    store.observe(ID, 'success');
    expect(state()).toBe('healthy');
  });

  it('never believes an ejection of more than five minutes', () => {
    store.report(verdict({ state: 'ejected', ejectedUntilMs: 9e15 }));
    clock.ms += 300_000;
    expect(state()).toBe('half_open');
  });

  it('takes the age of an old verdict off', () => {
    store.report(verdict({ state: 'ejected', ejectedUntilMs: 5_030_000 }), 20_000);
    clock.ms += 10_000;
    expect(state()).toBe('half_open');
  });

  it('knows an outage that other edges saw, for the rest of its 30 s', () => {
    store.report(verdict({ windows: { ...verdict().windows, last30s: { ...window, count: 3, failures: 2 } } }));
    expect(state()).toBe('outage');
    clock.ms += 30_000;
    expect(state()).toBe('healthy');
  });

  it('gives the percentiles of five minutes, the tool error rate and the whole verdict', () => {
    const percentiles = { p50: 120, p75: 1, p90: 1, p99: 1 };
    const last5m = { ...window, latencyMs: percentiles, throughput: { ...percentiles, p50: 80 } };
    store.report(verdict({ windows: { ...verdict().windows, last5m }, toolErrorRate: 0.25 }));
    expect(store.conditionOf(ID, clock.ms)).toEqual({
      state: 'healthy',
      latencyMs: 120,
      throughput: 80,
      latencyPercentilesMs: percentiles,
      throughputPercentiles: { ...percentiles, p50: 80 },
      toolErrorRate: 0.25,
    });
    expect(store.healthOf(ID)?.modelId).toBe('acme/large');
    store.forgetReport(ID);
    expect(store.conditionOf(ID, clock.ms).latencyMs).toBeNull();
    expect(store.healthOf(ID)).toBeNull();
  });
});
