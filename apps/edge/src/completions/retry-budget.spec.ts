import { RetryBudget } from './retry-budget.js';

const taken = (budget: RetryBudget): number => {
  let count = 0;
  while (budget.take()) count += 1;
  return count;
};

describe('the retry budget of a process', () => {
  it.each([
    [0, 3],
    [1, 3],
    [15, 3],
    [20, 4],
    [100, 20],
    [104, 20],
  ])('of %i running generations lets %i try again at a time', (running, expected) => {
    expect(taken(new RetryBudget(() => running))).toBe(expected);
  });

  it('gets back what is released, once', () => {
    const budget = new RetryBudget(() => 0);
    const slots = [budget.take()!, budget.take()!, budget.take()!];
    expect(budget.take()).toBeNull();
    slots[0]!.release();
    slots[0]!.release();
    expect(budget.used).toBe(2);
    expect(taken(budget)).toBe(1);
  });

  it('follows the load while it is used', () => {
    let running = 100;
    const budget = new RetryBudget(() => running);
    expect(taken(budget)).toBe(20);
    running = 10;
    expect(budget.take()).toBeNull();
    running = 110;
    expect(taken(budget)).toBe(2);
  });
});
