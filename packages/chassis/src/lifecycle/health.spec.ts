import { Logger } from '@nestjs/common';
import { Drain } from './drain.js';
import { Health } from './health.js';

describe('Health', () => {
  beforeAll(() => Logger.overrideLogger(false));

  const started = () => {
    const drain = new Drain();
    const health = new Health(drain);
    health.markStarted();
    return { drain, health };
  };

  it('is not ready before the start is over', async () => {
    const health = new Health(new Drain());
    expect((await health.readiness()).ready).toBe(false);
    health.markStarted();
    await expect(health.readiness()).resolves.toEqual({ ready: true, checks: {} });
  });

  it('says of every check whether it holds, and why not', async () => {
    const { health } = started();
    health.check('fine', () => undefined);
    health.check('throws', () => {
      throw new Error('no table');
    });
    health.check('rejects', () => Promise.reject(new Error('no connection')));
    await expect(health.readiness()).resolves.toEqual({
      ready: false,
      checks: { fine: 'ok', throws: 'no table', rejects: 'no connection' },
    });
  });

  it('does not wait for a check that hangs', async () => {
    const { health } = started();
    health.check('hangs', () => new Promise(() => {}));
    expect((await health.readiness()).checks['hangs']).toContain('no answer');
  });

  it('is not ready any more when the process drains', async () => {
    const { drain, health } = started();
    void drain.run(10);
    expect((await health.readiness()).ready).toBe(false);
  });

  it('refuses a second check of the same name, which would hide the first', () => {
    const { health } = started();
    health.check('nats', () => undefined);
    expect(() => health.check('nats', () => undefined)).toThrow('already');
  });
});
