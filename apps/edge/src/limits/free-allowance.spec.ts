import { GatewayError } from '@switchyard/contracts';
import fc from 'fast-check';
import { FreeAllowance } from './free-allowance.js';
import type { Permit } from './free-allowance.js';
import { FreeLedger } from './free-ledger.js';
import type { FreeTranche } from './free-ledger.js';

const MINUTE_MS = 60_000;
const AT = Date.UTC(2026, 10, 22, 10, 0, 0);

/** Hands out a limit per minute of a clock that the test moves; answers only when it is let. */
class SteppedLedger extends FreeLedger {
  now = 0;
  down = false;
  answersLate = false;
  questions = 0;
  readonly handedOut = new Map<number, number>();
  readonly returned = new Map<string, number>();
  /** Answers that get lost on the way, after the ledger has handed out. */
  losesAnswers = false;
  private readonly known = new Map<string, { minute: number; granted: number }>();
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly limit: number,
    private readonly stepped = false,
  ) {
    super();
  }

  async take({ trancheId, want }: { trancheId: string; want: number }): Promise<FreeTranche> {
    this.questions += 1;
    if (this.stepped) await new Promise<void>((resolve) => void this.waiting.push(resolve));
    if (this.down) throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
    const minute = Math.floor(this.now / MINUTE_MS);
    const left = this.limit - (this.handedOut.get(minute) ?? 0);
    const known = this.known.get(trancheId);
    const ofOld = known?.minute === minute ? known.granted : 0;
    const ofNew = left > 0 ? Math.min(want, Math.max(1, Math.floor(left / 4))) : 0;
    const granted = known ? ofOld : ofNew;
    if (!known) {
      this.handedOut.set(minute, (this.handedOut.get(minute) ?? 0) + granted);
      if (granted > 0) this.known.set(trancheId, { minute, granted });
    }
    if (this.losesAnswers) throw new GatewayError('service_unavailable', { retryAfterMs: 1_000 });
    const validMs = (minute + 1) * MINUTE_MS - this.now;
    if (this.answersLate) this.now += MINUTE_MS;
    const resetsAt = new Date(AT + (minute + 1) * MINUTE_MS).toISOString();
    const window = { limit: this.limit, used: this.limit - left + granted, resetsAt };
    const quota = {
      minute: window,
      day: { ...window, limit: 0 },
      boughtNanos: 0n,
      thresholdNanos: 0n,
      dayLimitAbove: 0,
    };
    return { granted, validMs, limitedBy: known || left > 0 ? null : 'minute', quota };
  }

  giveBack(trancheId: string, unused: number): Promise<void> {
    if (this.down) return Promise.reject(new GatewayError('service_unavailable'));
    this.returned.set(trancheId, unused);
    return Promise.resolve();
  }

  async answer(): Promise<void> {
    await settled();
    this.waiting.shift()?.();
    await settled();
  }
}

const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
const allowanceOf = (ledger: SteppedLedger) => new FreeAllowance('account', ledger, () => ledger.now);
const codeOf = (error: unknown) => (error instanceof GatewayError ? error.code : String(error));

describe('the free requests of an account at one edge', () => {
  it('are exactly as many as the ledger hands out, however many ask at once', async () => {
    const ledger = new SteppedLedger(20);
    const allowance = allowanceOf(ledger);
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => allowance.take()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(codeOf(outcome.reason)).toBe('free_model_limit');
    expect(ledger.questions).toBeLessThan(20);
  });

  it('need no question while a tranche lasts, and ask for more the more is used', async () => {
    const ledger = new SteppedLedger(10_000);
    const allowance = allowanceOf(ledger);
    for (let request = 0; request < 500; request += 1) await allowance.take();
    expect(ledger.questions).toBeLessThan(40);
    const { questions } = ledger;
    const burst = await Promise.all(Array.from({ length: 300 }, () => allowance.take()));
    expect(burst).toHaveLength(300);
    expect(ledger.questions - questions).toBeLessThanOrEqual(2);
  });

  it('end with their minute, and what was not used is given back', async () => {
    const ledger = new SteppedLedger(40);
    const allowance = allowanceOf(ledger);
    for (let request = 0; request < 4; request += 1) await allowance.take();
    await allowance.giveBack();
    expect(ledger.returned.size).toBe(0);
    ledger.now = MINUTE_MS;
    await allowance.giveBack();
    expect([...ledger.returned.values()]).toEqual([2]);
    expect(allowance.idle).toBe(true);
    const { questions } = ledger;
    await allowance.take();
    expect(ledger.questions).toBe(questions + 1);
  });

  it('are not used in the next minute, also when nobody gave them back in between', async () => {
    const ledger = new SteppedLedger(40);
    const allowance = allowanceOf(ledger);
    for (let request = 0; request < 4; request += 1) await allowance.take();
    ledger.now = MINUTE_MS;
    const { questions } = ledger;
    await allowance.take();
    expect(ledger.questions).toBe(questions + 1);
    await allowance.giveBack();
    expect([...ledger.returned.values()]).toEqual([2]);
  });

  it('are all given back at the end, as soon as the ledger can be told', async () => {
    const ledger = new SteppedLedger(40);
    const allowance = allowanceOf(ledger);
    for (let request = 0; request < 4; request += 1) await allowance.take();
    ledger.down = true;
    await expect(allowance.giveBack({ everything: true })).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(allowance.idle).toBe(false);
    ledger.down = false;
    await allowance.giveBack();
    expect([...ledger.returned.values()]).toEqual([2]);
  });

  it('count for nothing when the request was refused after all', async () => {
    const ledger = new SteppedLedger(4);
    const allowance = allowanceOf(ledger);
    const permit = await allowance.take();
    permit.undo();
    permit.undo();
    for (let request = 0; request < 4; request += 1) await allowance.take();
    await expect(allowance.take()).rejects.toMatchObject({ code: 'free_model_limit' });
  });

  it('are refused for a second without a question, and then asked for again', async () => {
    const ledger = new SteppedLedger(0);
    const allowance = allowanceOf(ledger);
    await expect(allowance.take()).rejects.toMatchObject({ code: 'free_model_limit', retryAfterMs: MINUTE_MS });
    for (let request = 0; request < 50; request += 1)
      await expect(allowance.take()).rejects.toMatchObject({ code: 'free_model_limit' });
    expect(ledger.questions).toBe(1);
    ledger.now = 1_000;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'free_model_limit' });
    expect(ledger.questions).toBe(2);
  });

  it('are not lost with an answer that gets lost', async () => {
    const ledger = new SteppedLedger(4);
    const allowance = allowanceOf(ledger);
    ledger.losesAnswers = true;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'service_unavailable' });
    ledger.losesAnswers = false;
    for (let request = 0; request < 4; request += 1) await allowance.take();
    await expect(allowance.take()).rejects.toMatchObject({ code: 'free_model_limit' });
  });

  it('go back to the day when their answer was lost and the minute is over', async () => {
    const ledger = new SteppedLedger(4);
    const allowance = allowanceOf(ledger);
    ledger.losesAnswers = true;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'service_unavailable' });
    ledger.losesAnswers = false;
    await allowance.giveBack();
    expect(ledger.returned.size).toBe(0);
    ledger.now = MINUTE_MS;
    await allowance.take();
    await allowance.giveBack();
    expect([...ledger.returned.values()]).toEqual([1]);
    ledger.losesAnswers = true;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'service_unavailable' });
    ledger.now = 2 * MINUTE_MS;
    await allowance.giveBack();
    expect(ledger.returned.size).toBe(2);
    expect(allowance.idle).toBe(true);
  });

  it('are an outage when the ledger is away, not a limit', async () => {
    const ledger = new SteppedLedger(20);
    const allowance = allowanceOf(ledger);
    ledger.down = true;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'service_unavailable' });
    ledger.down = false;
    await expect(allowance.take()).resolves.toBeDefined();
  });

  it('are not started on an answer that comes after its minute', async () => {
    const ledger = new SteppedLedger(20);
    const allowance = allowanceOf(ledger);
    ledger.answersLate = true;
    await expect(allowance.take()).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(ledger.questions).toBe(3);
  });

  it('never pass the limit of a minute under any interleaving of requests, answers, time and returns on two edges', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('take' as const),
          edge: fc.nat(1),
          times: fc.integer({ min: 1, max: 8 }),
        }),
      },
      { weight: 5, arbitrary: fc.constant({ do: 'answer' as const, edge: 0 }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('undo' as const), edge: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'lose' as const, edge: 0 }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('keep' as const), edge: fc.nat(1) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('pass' as const), edge: fc.constant(0), ms: fc.nat(40_000) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(16), fc.array(step, { maxLength: 120, size: 'max' }), async (limit, steps) => {
        const ledger = new SteppedLedger(limit, true);
        const edges = [allowanceOf(ledger), allowanceOf(ledger)];
        const startedIn = new Map<number, number>();
        const permits: Permit[][] = [[], []];
        const count = (minute: number, by: number) => startedIn.set(minute, (startedIn.get(minute) ?? 0) + by);
        for (const action of steps) {
          const edge = edges[action.edge]!;
          const take = () =>
            edge.take().then(
              (permit) => {
                const minute = Math.floor(ledger.now / MINUTE_MS);
                count(minute, 1);
                permits[action.edge]!.push({
                  undo: () => {
                    permit.undo();
                    // Once only, and only a permit that is used again could pass the limit.
                    if (Math.floor(ledger.now / MINUTE_MS) === minute) count(minute, -1);
                  },
                });
              },
              () => undefined,
            );
          if (action.do === 'take') for (let time = 0; time < action.times; time += 1) void take();
          if (action.do === 'answer') await ledger.answer();
          if (action.do === 'lose') ledger.losesAnswers = !ledger.losesAnswers;
          if (action.do === 'undo') permits[action.edge]!.pop()?.undo();
          if (action.do === 'keep') await edge.giveBack();
          if (action.do === 'pass') ledger.now += action.ms;
          await settled();
          for (const started of startedIn.values()) expect(started).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 400 },
    );
  });
});
