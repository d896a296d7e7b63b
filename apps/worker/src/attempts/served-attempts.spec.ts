import { ServedAttempts } from './served-attempts.js';

describe('the attempts that a worker has begun', () => {
  it('are begun once each', () => {
    const served = new ServedAttempts();
    expect([served.begin('gen-1', 1), served.begin('gen-1', 2), served.begin('gen-1', 1)]).toEqual([true, true, false]);
  });

  it('are remembered for long after, and not for ever', () => {
    const served = new ServedAttempts();
    served.begin('gen-1', 1);
    for (let other = 0; other < 50_000; other++) served.begin('other', other);
    expect(served.begin('gen-1', 1)).toBe(false);
    for (let other = 50_000; other < 150_000; other++) served.begin('other', other);
    expect(served.begin('gen-1', 1)).toBe(true);
  });
});
