import { jest } from '@jest/globals';
import { Deadlines, DeadlineExceeded } from './deadlines.js';

const TIMEOUTS = { connectMs: 100, firstByteMs: 1_000, idleMs: 300, totalMs: 5_000 };

/** Which deadline has ended the call. */
const endedBy = ({ reason }: Deadlines): string | null => (reason instanceof DeadlineExceeded ? reason.kind : null);

describe('deadlines', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const pass = (ms: number) => jest.advanceTimersByTime(ms);

  it('end a call that gets no connection, and tell it once', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    const told: Error[] = [];
    deadlines.onAbort((reason) => told.push(reason));
    pass(98);
    expect(endedBy(deadlines)).toBeNull();
    pass(3);
    expect(endedBy(deadlines)).toBe('connect');
    pass(10_000);
    deadlines.abort(new Error('late'));
    expect(told).toEqual([deadlines.reason]);
  });

  it('count the first byte from the start of the call', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    pass(90);
    deadlines.connected();
    pass(900);
    expect(endedBy(deadlines)).toBeNull();
    pass(15);
    expect(endedBy(deadlines)).toBe('first-byte');
  });

  it('move with every read, and count only while the provider is waited for', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    deadlines.connected();
    deadlines.spoke();
    for (let read = 0; read < 5; read++) {
      deadlines.waiting();
      pass(250);
      deadlines.received();
    }
    pass(1_000);
    expect(endedBy(deadlines)).toBeNull();
    deadlines.waiting();
    pass(298);
    expect(endedBy(deadlines)).toBeNull();
    pass(3);
    expect(endedBy(deadlines)).toBe('idle');
  });

  it('end the whole call, however much comes', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    deadlines.connected();
    deadlines.spoke();
    for (let read = 0; read < 49; read++) {
      deadlines.waiting();
      pass(100);
      deadlines.received();
    }
    expect(endedBy(deadlines)).toBeNull();
    pass(110);
    expect(endedBy(deadlines)).toBe('total');
  });

  it('keep no timer when they are cleared, and one at most before', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    deadlines.connected();
    deadlines.waiting();
    deadlines.received();
    deadlines.waiting();
    expect(jest.getTimerCount()).toBe(1);
    deadlines.clear();
    expect(jest.getTimerCount()).toBe(0);
    pass(10_000);
    expect(deadlines.reason).toBeNull();
  });

  it('abort a signal that is asked for before or after', () => {
    const [early, late] = [new Deadlines(TIMEOUTS), new Deadlines(TIMEOUTS)];
    const { signal } = early;
    early.abort(new Error('no more'));
    late.abort(new Error('no more'));
    expect(signal.reason).toBe(early.reason);
    expect(late.signal.reason).toBe(late.reason);
  });
});
