import { setTimeout as sleep } from 'node:timers/promises';
import { Allowance } from '@switchyard/contracts';
import type { MeterReading } from '@switchyard/contracts';
import { z } from 'zod';
import { Steps } from './steps.js';

const call = { boundNanos: 100n, ticket: 'first', allowance: 1_000 };
const answer = (fields: Partial<Allowance>): unknown =>
  z.encode(Allowance, { outputTokens: 2_000, boundNanos: 200n, ticket: 'second', last: false, ...fields });

describe('the allowance of an answer', () => {
  let readings: MeterReading[];
  let allow: (answer: unknown) => void;
  let client: AbortController;
  let steps: Steps;

  const begin = (allowance: number | null) => {
    readings = [];
    client = new AbortController();
    steps = new Steps(
      {
        signal: client.signal,
        meter: (reading) => void readings.push(reading as MeterReading),
        onAllow: (listener) => void (allow = listener),
      },
      { ...call, allowance },
    );
  };
  beforeEach(() => begin(1_000));
  afterEach(() => steps.end());

  it('covers everything without a word when the whole bound is held', async () => {
    begin(null);
    expect(await steps.covers(1_000_000)).toBe(true);
    expect(readings).toEqual([]);
  });

  it('is asked to grow from its half on, again and again until it does', async () => {
    expect(await steps.covers(499)).toBe(true);
    expect(readings).toEqual([]);
    expect(await steps.covers(500)).toBe(true);
    await sleep(600);
    expect(readings.length).toBeGreaterThan(1);
    expect(readings[0]).toEqual({ usedTokens: 500, outputTokens: 1_000 });
    allow(answer({}));
    const asked = readings.length;
    await sleep(400);
    expect(readings).toHaveLength(asked);
    expect(steps.bound).toEqual({ boundNanos: 200n, ticket: 'second' });
  });

  it('holds an answer back until more is set aside', async () => {
    const covered = steps.covers(1_500);
    allow(answer({}));
    expect(await covered).toBe(true);
  });

  it('is spent when no more is given', async () => {
    const covered = steps.covers(1_001);
    allow(answer({ outputTokens: 1_000, boundNanos: 100n, last: true }));
    expect(await covered).toBe(false);
    expect(await steps.covers(1_000)).toBe(true);
    expect(steps.bound).toEqual({ boundNanos: 100n, ticket: 'first' });
  });

  it('never shrinks and never counts an answer twice', async () => {
    await steps.covers(600);
    allow(answer({}));
    allow(answer({ outputTokens: 1_500, boundNanos: 150n, ticket: 'late' }));
    allow(answer({}));
    expect([steps.allowedTokens, steps.bound.ticket]).toEqual([2_000, 'second']);
    allow(answer({ outputTokens: null, boundNanos: 900n, ticket: 'whole' }));
    allow(answer({}));
    expect([steps.allowedTokens, steps.bound.ticket]).toEqual([null, 'whole']);
  });

  it('takes no answer that breaks the contract, and no larger allowance for a smaller bound', async () => {
    allow({ outputTokens: '2000' });
    allow(answer({ boundNanos: 99n }));
    expect(steps.allowedTokens).toBe(1_000);
  });

  it('stops waiting when the client leaves', async () => {
    const covered = steps.covers(2_000);
    client.abort('client_closed_request');
    expect(await covered).toBe(false);
  });
});
