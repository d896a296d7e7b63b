import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@switchyard/testing';
import { untilReady } from './chaos/blows.js';
import { FaultBench } from './money/fault-bench.js';
import type { FaultStack } from './money/fault-stack.js';
import { START_TIMEOUT_MS } from './test-stack.js';

const TOKENS = 30;
const SHAPE = { tokens: TOKENS, tokensPerSecond: 40, maxTokens: 60 } as const;

type Victim = 'worker' | 'edge' | 'ledger' | 'PostgreSQL' | 'nats-server';

/** Kills it and sees to it that it is back. */
async function kill(stack: FaultStack, victim: Victim): Promise<void> {
  if (victim === 'PostgreSQL') {
    await stack.postgres.kill9();
    await stack.postgres.restart();
  } else if (victim === 'nats-server') {
    await stack.broker.kill9();
    await stack.broker.start();
  } else {
    const name = victim === 'worker' ? 'worker-sandbox-1' : victim;
    await untilReady(stack, name, stack.signal(name, 'SIGKILL'));
  }
}

describe('I12', () => {
  let bench: FaultBench;
  /** What the customer pays for these requests when nothing dies. */
  const usual = new Map<boolean, bigint>();
  // Labels of one length, so that prompts are, too: of those that wait and of those that do not.
  const labelOf = (who: string, reached: number) => `i12-${who.slice(0, 4)}-${String(reached).padStart(6, '0')}`;
  const shapeOf = (reached: number) => ({ ...SHAPE, ...(reached === 0 && { fault: 'delay ms=1500' }) });

  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1 });
    for (const reached of [0, TOKENS]) {
      const seen = await bench.ask(labelOf('none', reached), shapeOf(reached));
      expect(seen.how).toBe('whole');
      expect(seen.costNanos).toBeGreaterThan(0n);
      usual.set(reached === 0, seen.costNanos!);
    }
  }, START_TIMEOUT_MS);
  afterAll(() => bench?.stop(), START_TIMEOUT_MS);

  const tokensOf = async (label: string) =>
    (await bench.stack.upstreamBook()).find((entry) => entry.label === label)?.outputTokens ?? -1;
  const paidFor = async (generationId: string | null) =>
    (await bench.stack.books.usage()).find((usage) => usage.generationId === generationId)?.paidNanos ?? 0n;

  const victims: Victim[] = ['worker', 'edge', 'ledger', 'PostgreSQL', 'nats-server'];
  const steps = [
    { step: 'before the first token', reached: 0 },
    { step: 'in the middle', reached: TOKENS / 2 },
    { step: 'when the provider has ended', reached: TOKENS },
  ];

  it.each(victims.flatMap((victim) => steps.map(({ step, reached }) => ({ victim, step, reached }))))(
    'killing any one process at any step never makes a customer’s charge larger than without the kill: $victim $step',
    async ({ victim, reached }) => {
      const label = labelOf(victim, reached);
      const answer = bench.ask(label, shapeOf(reached));
      await waitUntil(async () => (await tokensOf(label)) >= reached, { what: `the provider is ${reached} tokens on` });
      await kill(bench.stack, victim);
      if (victim === 'edge')
        bench.excuse({ edge: 0, kind: 'killed', fromMs: Date.now() - 60_000, untilMs: Date.now() });
      const seen = await answer;
      // An edge that dies between the last byte for its client and the word to the worker gives the answer away, and no other.
      if (victim === 'edge') bench.allowGift(seen.generationId);
      const money = await bench.money({ timeoutMs: 60_000 });
      expect(money.faults).toEqual([]);
      expect(await paidFor(seen.generationId)).toBeLessThanOrEqual(usual.get(reached === 0)!);
      await sleep(200);
    },
    120_000,
  );
});
