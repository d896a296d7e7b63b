import { WorkerDirectory } from './worker-directory.js';

const MISSED_BEATS = 3;

describe('the directory of workers', () => {
  const directoryAfter = (intervals: number, ...providers: readonly string[]): WorkerDirectory => {
    const directory = new WorkerDirectory(MISSED_BEATS);
    for (let interval = 0; interval < intervals; interval += 1) {
      for (const provider of providers) directory.beat(provider, `${provider}-1`, true);
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
    directory.beat('b', 'b-1', false);
    expect(directory.served()?.has('b')).toBe(true);
  });

  it('forgets a provider when its last worker has fallen silent', () => {
    const directory = directoryAfter(MISSED_BEATS, 'a', 'b');
    for (let interval = 0; interval < MISSED_BEATS; interval += 1) {
      expect(directory.served()?.has('b')).toBe(true);
      directory.beat('a', 'a-1', true);
      directory.tick();
    }
    expect([...(directory.served() ?? [])]).toEqual(['a']);
  });

  it('says nothing when nobody is heard, and again for a while after that, because it was rather us who could not hear', () => {
    const directory = directoryAfter(MISSED_BEATS, 'a', 'b');
    expect(silent(directory, MISSED_BEATS + 1).sort()).toEqual(['a-1', 'b-1']);
    expect(directory.served()).toBeNull();
    directory.beat('a', 'a-1', true);
    expect(directory.served()).toBeNull();
    for (let interval = 0; interval < MISSED_BEATS; interval += 1) {
      directory.beat('a', 'a-1', true);
      directory.tick();
    }
    expect([...(directory.served() ?? [])]).toEqual(['a']);
  });
});
