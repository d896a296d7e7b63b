import { WorkerDirectory } from './worker-directory.js';

const MISSED_BEATS = 3;
const ROOM = { hasRoom: true, connection: null };
const FULL = { hasRoom: false, connection: null };

describe('the directory of workers', () => {
  const directoryAfter = (intervals: number, ...providers: readonly string[]): WorkerDirectory => {
    const directory = new WorkerDirectory(MISSED_BEATS);
    for (let interval = 0; interval < intervals; interval += 1) {
      for (const provider of providers) directory.beat(provider, `${provider}-1`, ROOM, 0);
      directory.tick();
    }
    return directory;
  };
  const silent = (directory: WorkerDirectory, intervals: number): string[] =>
    Array.from({ length: intervals }, () => directory.tick()).flat();

  it('says who is served once everybody has had the time to be heard', () => {
    expect(directoryAfter(MISSED_BEATS - 1, 'a', 'b').served()).toBeNull();
    expect([...(directoryAfter(MISSED_BEATS, 'a', 'b').served() ?? [])]).toEqual(['a', 'b']);
  });

  it('learns of a provider with the first heartbeat of its first worker, also of one that is full', () => {
    const directory = directoryAfter(MISSED_BEATS, 'a');
    expect(directory.served()?.has('b')).toBe(false);
    directory.beat('b', 'b-1', FULL, 0);
    expect(directory.served()?.has('b')).toBe(true);
  });

  it('forgets a provider when its last worker has fallen silent', () => {
    const directory = directoryAfter(MISSED_BEATS, 'a', 'b');
    for (let interval = 0; interval < MISSED_BEATS; interval += 1) {
      expect(directory.served()?.has('b')).toBe(true);
      directory.beat('a', 'a-1', ROOM, 0);
      directory.tick();
    }
    expect([...(directory.served() ?? [])]).toEqual(['a']);
  });

  it('says nothing when nobody is heard, and again for a while after that, because it was rather us who could not hear', () => {
    const directory = directoryAfter(MISSED_BEATS, 'a', 'b');
    expect(silent(directory, MISSED_BEATS + 1).sort()).toEqual(['a-1', 'b-1']);
    expect(directory.served()).toBeNull();
    directory.beat('a', 'a-1', ROOM, 0);
    expect(directory.served()).toBeNull();
    for (let interval = 0; interval < MISSED_BEATS; interval += 1) {
      directory.beat('a', 'a-1', ROOM, 0);
      directory.tick();
    }
    expect([...(directory.served() ?? [])]).toEqual(['a']);
  });

  describe('of who may begin without a claim', () => {
    const heard = (clockMs: number, address = 'one') => ({ hasRoom: true, connection: { address, clockMs } });

    it('knows a worker by its connections, and not before it says which', () => {
      const directory = new WorkerDirectory(MISSED_BEATS);
      expect(directory.starter('a')).toBeNull();
      directory.beat('a', 'a-1', ROOM, 0);
      expect(directory.starter('a')).toBeNull();
      directory.beat('a', 'a-1', heard(500), 100);
      expect(directory.starter('a')).toEqual({ worker: 'a-1', address: 'one', aheadMs: 400 });
      expect(directory.starter('b')).toBeNull();
    });

    it('spreads over all of them', () => {
      const directory = new WorkerDirectory(MISSED_BEATS);
      for (const worker of ['a-1', 'a-2'])
        for (const address of ['one', 'two']) directory.beat('a', worker, heard(0, `${worker}-${address}`), 0);
      const seen = new Set(Array.from({ length: 400 }, () => directory.starter('a')?.address));
      expect(seen).toEqual(new Set(['a-1-one', 'a-1-two', 'a-2-one', 'a-2-two']));
    });

    it('passes over one that is full, that was not heard lately, that did not answer, until it is heard again', () => {
      const directory = new WorkerDirectory(MISSED_BEATS);
      const workers = () => new Set(Array.from({ length: 100 }, () => directory.starter('a')?.worker));
      directory.beat('a', 'a-1', heard(0), 0);
      directory.beat('a', 'a-2', heard(0), 0);
      directory.doubt('a', 'a-1');
      directory.doubt('a', 'unknown');
      expect(workers()).toEqual(new Set(['a-2']));
      directory.beat('a', 'a-1', heard(0), 0);
      expect(workers().size).toBe(2);
      directory.beat('a', 'a-2', { ...heard(0), hasRoom: false }, 0);
      expect(workers()).toEqual(new Set(['a-1']));
      directory.tick();
      expect(workers()).toEqual(new Set(['a-1']));
      directory.tick();
      expect(workers()).toEqual(new Set([undefined]));
      directory.beat('a', 'a-1', heard(0, 'two'), 0);
      expect(directory.starter('a')?.address).toBe('two');
    });

    it('never takes a clock for faster than it is, however late its heartbeats come', () => {
      const directory = new WorkerDirectory(MISSED_BEATS);
      const AHEAD_MS = 7_000;
      const latenciesMs = [80, 300, 2, 900, 40, 5];
      const seen = latenciesMs.map((latencyMs, index) => {
        const saidMs = index * 1_000;
        directory.beat('a', 'a-1', heard(saidMs + AHEAD_MS), saidMs + latencyMs);
        return AHEAD_MS - directory.starter('a')!.aheadMs;
      });
      // The best latency so far, and a millisecond more with each heartbeat.
      expect(seen).toEqual([80, 81, 2, 3, 4, 5]);
    });
  });
});
