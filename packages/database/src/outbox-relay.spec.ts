import { setTimeout as sleep } from 'node:timers/promises';
import { OutboxRelay } from './outbox-relay.js';

const LONG_MS = 60_000;

describe('the outbox relay', () => {
  it('carries entries at once when it is woken, and until none is left', async () => {
    let left = 0;
    const rounds: number[] = [];
    const relay = new OutboxRelay({
      name: 'test',
      pollMs: LONG_MS,
      drain: async () => {
        rounds.push(left);
        const moved = Math.min(left, 2);
        left -= moved;
        return moved;
      },
    });
    relay.start();
    await sleep(5);
    left = 5;
    relay.wake();
    await sleep(20);
    expect(rounds).toEqual([0, 5, 3, 1, 0]);
    await relay.stop();
  });

  it('sees a wake that comes in the middle of a round', async () => {
    let rounds = 0;
    const relay: OutboxRelay = new OutboxRelay({
      name: 'test',
      pollMs: LONG_MS,
      drain: async () => {
        rounds += 1;
        if (rounds === 1) relay.wake();
        return 0;
      },
    });
    relay.start();
    await sleep(20);
    expect(rounds).toBe(2);
    await relay.stop();
  });

  it('goes on after a failure, by itself', async () => {
    let attempts = 0;
    const relay = new OutboxRelay({
      name: 'test',
      pollMs: 5,
      drain: async () => {
        attempts += 1;
        if (attempts < 3) throw new Error('the broker is away');
        return 0;
      },
    });
    relay.start();
    await sleep(100);
    expect(attempts).toBeGreaterThan(3);
    await relay.stop();
  });

  it('never runs two rounds at once, and stop waits for the one under way', async () => {
    let running = 0;
    let most = 0;
    const relay = new OutboxRelay({
      name: 'test',
      pollMs: 1,
      drain: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(10);
        running -= 1;
        return 1;
      },
    });
    relay.start();
    for (let wake = 0; wake < 10; wake += 1) relay.wake();
    await sleep(30);
    await relay.stop();
    expect(running).toBe(0);
    expect(most).toBe(1);
  });
});
