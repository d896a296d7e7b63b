import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil, type BookEntry } from '@switchyard/testing';
import type { Seen } from '../money/clients.js';
import type { ScenarioModel, Variant } from './failover-bench.js';

/** Down for longer than it is up, so that it is never worth a call: in milliseconds. */
const DOWN_MS = 4_000;
const UP_MS = 700;
const LAST_DOWN_MS = 12_000;
const PAUSE_MS = 250;
const CLIENTS = 4;
/** What a provider does while it is down, in turn. */
const WAYS_DOWN = ['status=500', 'status=503', 'reset', 'status=429'] as const;

export interface FlapReport {
  readonly seen: readonly Seen[];
  /** Calls of the flapping provider by what they met: while it flapped, and since it was well again. */
  readonly whileFlapping: readonly BookEntry[];
  /** Of those the ones that came when it had been taken out, so that only probes should have come. */
  readonly probes: readonly BookEntry[];
  /** Until a client was served by it again. */
  readonly backAfterMs: number;
}

/**
 * A provider that is down, up for a moment, and down again, under a steady load of clients that ask one request after the other; then
 * well for good. Ends when clients have been served by it again for a moment.
 */
export async function flap(model: ScenarioModel, variants: readonly Variant[], flapForMs: number): Promise<FlapReport> {
  const state = { over: false };
  const seen: Seen[] = [];
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    while (!state.over) {
      const variant = variants[number % variants.length];
      if (variant) seen.push(await model.ask(variant, { tokens: 6, tokensPerSecond: 30, maxTokens: 8 }));
      await sleep(PAUSE_MS);
    }
  });
  try {
    const startedMs = performance.now();
    for (let round = 0; performance.now() - startedMs < flapForMs; round += 1) {
      await model.order('first', WAYS_DOWN[round % WAYS_DOWN.length] ?? 'reset');
      await sleep(DOWN_MS);
      await model.recover('first');
      await sleep(UP_MS);
    }
    // So long that the trial after the first ejection finds it down once more.
    await model.order('first', 'status=503');
    await sleep(LAST_DOWN_MS);
    await model.recover('first');
    const wellAtMs = Date.now();
    const servedAgain = async () =>
      (await model.hits('first')).find(
        ({ label, status, startedAtMs }) => label && status === 200 && startedAtMs > wellAtMs,
      );
    await waitUntil(async () => (await servedAgain()) !== undefined, {
      what: 'the provider that is well again serves again',
      timeoutMs: 90_000,
      intervalMs: 100,
    });
    const back = await servedAgain();
    await sleep(2_000);
    const hits = await model.hits('first');
    const whileFlapping = hits.filter(({ startedAtMs }) => startedAtMs <= wellAtMs);
    return {
      seen,
      whileFlapping,
      probes: whileFlapping.filter(({ startedAtMs }) => startedAtMs - (hits[0]?.startedAtMs ?? 0) > DOWN_MS),
      backAfterMs: (back?.startedAtMs ?? Infinity) - wellAtMs,
    };
  } finally {
    state.over = true;
    await Promise.all(clients);
  }
}
