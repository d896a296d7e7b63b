import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Drain } from './drain.js';

describe('Drain', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('runs its steps from the lowest order to the highest, those of one order at the same time', async () => {
    const drain = new Drain();
    const log: string[] = [];
    const step = (name: string, order: number, ms: number) =>
      drain.register(name, order, async () => {
        log.push(`${name}+`);
        await sleep(ms);
        log.push(`${name}-`);
      });
    step('last', 20, 1);
    step('slow', 10, 60);
    step('fast', 10, 1);
    expect(drain.draining).toBe(false);
    const running = drain.run(5_000);
    expect(drain.draining).toBe(true);
    await expect(running).resolves.toEqual([]);
    expect(log).toEqual(['slow+', 'fast+', 'fast-', 'slow-', 'last+', 'last-']);
  });

  it('goes on after a step that fails, in whichever way', async () => {
    const drain = new Drain();
    let reached = false;
    drain.register('rejects', 1, () => Promise.reject(new Error('no')));
    drain.register('throws', 1, () => {
      throw new Error('no');
    });
    drain.register('after', 2, async () => {
      reached = true;
    });
    await expect(drain.run(5_000)).resolves.toEqual(['rejects', 'throws']);
    expect(reached).toBe(true);
  });

  it('leaves a step that is not over at the deadline, and still begins the later ones', async () => {
    const drain = new Drain();
    let begun = false;
    drain.register('stuck', 1, () => new Promise(() => {}));
    drain.register('later', 2, async () => {
      begun = true;
    });
    const unfinished = await drain.run(50);
    expect(unfinished).toContain('stuck');
    expect(begun).toBe(true);
  });
});
