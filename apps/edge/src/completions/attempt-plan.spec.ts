import { ERRORS, ERROR_CODES } from '@switchyard/contracts';
import type { ErrorCode } from '@switchyard/contracts';
import fc from 'fast-check';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import type { OrderedCandidate } from '../routing/index.js';
import { AttemptPlan } from './attempt-plan.js';
import type { PlanTools } from './attempt-plan.js';
import { RetryBudget } from './retry-budget.js';
import type { FailureFacts } from './retry-policy.js';

const candidate = (modelId: string, tag: string): OrderedCandidate => {
  const model = aModel({ id: modelId, endpoints: [anEndpoint({ tag })] });
  return { model, endpoint: model.endpoints[0]!, reason: 'price_weighted' };
};
const budget = { maxAttempts: 6, windowMs: 60_000 };
const failure = (code: ErrorCode, fields: Partial<FailureFacts> = {}): FailureFacts => ({
  code,
  retryable: ERRORS[code].retryable,
  retryAfterMs: null,
  upstreamStatus: null,
  ...fields,
});
const tools = (fields: Partial<PlanTools> = {}): PlanTools => ({
  clock: () => 0,
  retries: new RetryBudget(() => 1_000),
  isWell: () => true,
  ...fields,
});
const walk = (candidates: OrderedCandidate[], failures: FailureFacts[], fields: Partial<PlanTools> = {}) => {
  const plan = new AttemptPlan(candidates, budget, tools(fields));
  let planned = plan.first();
  const seen = planned ? [planned.candidate.endpoint.id] : [];
  const left: string[] = [];
  for (const next of failures) {
    const step = plan.after(planned!, next);
    planned = step.planned;
    left.push(step.left);
    if (!planned) break;
    seen.push(planned.candidate.endpoint.id);
  }
  return { seen, left, waitMs: planned?.waitMs ?? null };
};

describe('the plan of attempts', () => {
  const [a, b, other] = [candidate('m/one', 'a'), candidate('m/one', 'b'), candidate('m/two', 'c')];

  it.each([
    'upstream_timeout',
    'upstream_overloaded',
    'upstream_unreachable',
    'upstream_auth',
    'upstream_rate_limited',
  ] as const)('goes to the next endpoint after %s', (code) =>
    expect(walk([a, b], [failure(code)]).seen).toEqual(['a:m/one', 'b:m/one']),
  );

  it.each(['context_length_exceeded', 'content_policy_violation', 'upstream_rejected', 'payload_too_large'] as const)(
    'goes to the next model after %s, which another endpoint would say as well',
    (code) => expect(walk([a, b, other], [failure(code)]).seen).toEqual(['a:m/one', 'c:m/two']),
  );

  it('ends when there is no other model', () => {
    expect(walk([a, b], [failure('context_length_exceeded')]).seen).toEqual(['a:m/one']);
  });

  it('asks a group of workers again before it goes on', () => {
    expect(walk([a, b], [failure('worker_busy'), failure('worker_busy')]).seen).toEqual([
      'a:m/one',
      'a:m/one',
      'b:m/one',
    ]);
    expect(walk([a, b], [failure('worker_lost')]).seen).toEqual(['a:m/one', 'a:m/one']);
    expect(walk([a, b], [failure('worker_unavailable')]).seen).toEqual(['a:m/one', 'b:m/one']);
  });

  it('repeats one broken answer where nobody else can serve, and no second', () => {
    const broken = failure('upstream_error', { upstreamStatus: 500 });
    expect(walk([a], [broken, broken, broken]).seen).toHaveLength(2);
    expect(walk([a], [failure('upstream_error', { upstreamStatus: 503 })]).seen).toHaveLength(1);
  });

  it('waits for a short Retry-After where nobody else can serve', () => {
    const limited = failure('upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 2_000 });
    expect(walk([a], [limited])).toMatchObject({ seen: ['a:m/one', 'a:m/one'], waitMs: 2_000 });
    expect(walk([a], [limited, limited, limited, limited]).seen).toHaveLength(3);
    expect(walk([a], [failure('upstream_rate_limited', { retryAfterMs: 2_001 })]).seen).toHaveLength(1);
    expect(walk([a, b], [limited])).toMatchObject({ seen: ['a:m/one', 'b:m/one'], waitMs: 0 });
  });

  it('asks an endpoint that was well once more after a single 500, and goes on after a second', () => {
    const broken = failure('upstream_error', { upstreamStatus: 500 });
    expect(walk([a, b], [broken, broken])).toMatchObject({
      seen: ['a:m/one', 'a:m/one', 'b:m/one'],
      left: ['retry', 'next_endpoint'],
    });
    expect(walk([a, b], [broken], { isWell: (id) => id !== 'a:m/one' }).seen).toEqual(['a:m/one', 'b:m/one']);
    for (const other of [{ upstreamStatus: 502 }, { upstreamStatus: 503 }, { upstreamStatus: 500, retryAfterMs: 10 }])
      expect(walk([a, b], [failure('upstream_error', other)]).seen).toEqual(['a:m/one', 'b:m/one']);
  });

  it('comes back to an endpoint that asked for a moment of patience, when nobody else is left', () => {
    let now = 0;
    const plan = new AttemptPlan([a, b], budget, tools({ clock: () => now }));
    const first = plan.first()!;
    const second = plan.after(first, failure('upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 1_500 }));
    now = 400;
    const third = plan.after(second.planned!, failure('upstream_overloaded', { upstreamStatus: 503 }));
    expect(third).toMatchObject({ left: 'retry', planned: { candidate: a, waitMs: 1_100, reason: 'retry' } });
  });

  it('does not come back to a model that has refused the request', () => {
    const limited = failure('upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 500 });
    const { seen, left } = walk(
      [a, b, other],
      [limited, failure('context_length_exceeded'), failure('upstream_timeout')],
    );
    expect(seen).toEqual(['a:m/one', 'b:m/one', 'c:m/two']);
    expect(left.at(-1)).toBe('no_candidate');
  });

  it('says why it ended', () => {
    expect(walk([a], [failure('upstream_timeout')]).left).toEqual(['no_candidate']);
    const lost = Array.from({ length: 9 }, (_, index) => candidate('m/one', `t${index}`));
    expect(
      walk(
        lost,
        lost.map(() => failure('upstream_timeout')),
      ).left.at(-1),
    ).toBe('out_of_attempts');
    const none = { retries: { take: () => null } };
    expect(walk([a, b], [failure('upstream_timeout')], { ...none, isWell: () => false }).left).toEqual([
      'no_retry_budget',
    ]);
  });

  it('asks nobody again, and nobody who is sick, beyond the retry budget; a healthy endpoint needs none of it', () => {
    const none = { retries: { take: () => null } };
    const broken = failure('upstream_error', { upstreamStatus: 500 });
    expect(walk([a, b], [broken], none).seen).toEqual(['a:m/one', 'b:m/one']);
    expect(walk([a], [broken], none).left).toEqual(['no_retry_budget']);
    const sick = { ...none, isWell: (id: string) => id !== 'b:m/one' };
    expect(walk([a, b, other], [failure('upstream_timeout')], sick).seen).toEqual(['a:m/one', 'c:m/two']);
    // A worker that is gone was never a call of the provider.
    expect(walk([a], [failure('worker_lost')], none).seen).toEqual(['a:m/one', 'a:m/one']);
  });

  it('puts a second attempt on the next endpoint of the same model that is well, and never asks that one twice', () => {
    const c = candidate('m/one', 'c');
    const plan = new AttemptPlan([a, b, c, other], budget, tools({ isWell: (id) => id !== 'b:m/one' }));
    const first = plan.first()!;
    const beside = plan.beside(first, () => true);
    expect(beside).toMatchObject({ candidate: c, reason: 'hedge', number: 2 });
    expect(plan.beside(first, () => true)).toBeNull();
    const refused = plan.after(first, failure('upstream_timeout'));
    expect(refused.planned?.candidate).toBe(b);
    expect(plan.after(refused.planned!, failure('upstream_timeout')).planned?.candidate).toBe(other);
    const besideFirst = (candidates: OrderedCandidate[], fields: Partial<PlanTools>, allowed = true) => {
      const fresh = new AttemptPlan(candidates, budget, tools(fields));
      return fresh.beside(fresh.first()!, () => allowed);
    };
    expect(besideFirst([a, b], {})).toMatchObject({ candidate: b });
    expect(besideFirst([a, other], {})).toBeNull();
    expect(besideFirst([a, b], {}, false)).toBeNull();
    expect(besideFirst([a, b], { retries: { take: () => null } })).toBeNull();
  });

  it('gives the rest of a broken answer to a healthy endpoint of its model, or to the same one if it is alone', () => {
    const plan = new AttemptPlan([a, other, b], budget, tools());
    const first = plan.first()!;
    expect(plan.toContinue(first, () => true)).toMatchObject({ candidate: b, reason: 'continuation' });
    expect(plan.toContinue(first, () => true)).toBeNull();
    const goOn = (candidates: OrderedCandidate[], fields: Partial<PlanTools>, allowed = true) => {
      const fresh = new AttemptPlan(candidates, budget, tools(fields));
      return fresh.toContinue(fresh.first()!, () => allowed);
    };
    expect(goOn([a, b], {}, false)).toBeNull();
    expect(goOn([a, b], { isWell: () => false })).toBeNull();
    expect(goOn([a, b], { retries: { take: () => null } })).toBeNull();
    // It is known to have failed a moment ago, and there is nobody else.
    expect(goOn([a, other], { isWell: () => false })).toMatchObject({ candidate: a });
    const alone = new AttemptPlan([a, other], budget, tools());
    const broken = alone.first()!;
    const again = alone.toContinue(broken, () => true);
    expect(again).toMatchObject({ candidate: a, number: 2 });
    expect(alone.toContinue(broken, () => true)).toBeNull();
  });

  it('starts nothing after its window', () => {
    let now = 0;
    const plan = new AttemptPlan([a, b], budget, tools({ clock: () => now }));
    const first = plan.first()!;
    now = budget.windowMs;
    expect(plan.after(first, failure('upstream_timeout'))).toEqual({ planned: null, left: 'out_of_time' });
    expect(plan.beside(first, () => true)).toBeNull();
  });

  it('never passes its budget, never asks an endpoint again what it can only refuse again, and ends', () => {
    const never = new Set([400, 401, 403, 404, 413, 422]);
    const facts = fc.record({
      code: fc.constantFrom(...ERROR_CODES),
      retryable: fc.boolean(),
      retryAfterMs: fc.option(fc.nat(5_000)),
      upstreamStatus: fc.option(fc.constantFrom(400, 401, 403, 404, 413, 422, 429, 500, 502, 503)),
    });
    const candidates = fc.array(
      fc.tuple(fc.constantFrom('m/one', 'm/two', 'm/three'), fc.constantFrom('a', 'b', 'c')),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(candidates, fc.array(facts, { minLength: 20, maxLength: 20 }), (drawn, failures) => {
        const list = drawn.map(([model, tag]) => candidate(model, tag));
        const plan = new AttemptPlan(list, budget, tools());
        let planned = plan.first()!;
        let attempts = 1;
        for (const next of failures) {
          const { planned: following } = plan.after(planned, next);
          if (!following) break;
          attempts += 1;
          const same = following.candidate === planned.candidate;
          const refused =
            !next.retryable || never.has(next.upstreamStatus ?? 0) || next.code === 'context_length_exceeded';
          expect(same && refused).toBe(false);
          planned = following;
        }
        expect(attempts).toBeLessThanOrEqual(budget.maxAttempts);
      }),
    );
  });
});
